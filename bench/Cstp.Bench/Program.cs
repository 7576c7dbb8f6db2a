using Cstp.Bench;

if (args is ["memory", .. string[] sizes])
    return await MemoryBenchmark.RunAsync(sizes);
await Console.Error.WriteLineAsync("usage: Cstp.Bench memory [MIB ...]");
return 64;

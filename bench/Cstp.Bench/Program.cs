using Cstp.Bench;

switch (args)
{
    case ["memory", .. string[] sizes]:
        return await MemoryBenchmark.RunAsync(sizes);
    case ["compare", .. string[] options]:
        return await ComparisonBenchmark.RunAsync(options);
    default:
        await Console.Error.WriteLineAsync("usage: Cstp.Bench memory [MIB ...] | compare --loop PROGRAM [--quick] [--json FILE]");
        return 64;
}

using System.Globalization;
using Cstp.Bench;

switch (args)
{
    case ["memory", .. string[] sizes]:
        return await MemoryBenchmark.RunAsync(sizes);
    case ["compare", .. string[] options]:
        return await ComparisonBenchmark.RunAsync(options);
    case ["tarpit"]:
        return await TarPitBenchmark.RunAsync(5000, 11);
    case ["tarpit", string clients]:
        return await TarPitBenchmark.RunAsync(int.Parse(clients, CultureInfo.InvariantCulture), 11);
    case ["tarpit", string clients, string rounds]:
        return await TarPitBenchmark.RunAsync(int.Parse(clients, CultureInfo.InvariantCulture), int.Parse(rounds, CultureInfo.InvariantCulture));
    case ["hostile"]:
        return await HostileBenchmark.RunAsync();
    default:
        await Console.Error.WriteLineAsync("usage: Cstp.Bench memory [MIB ...] | compare --loop PROGRAM [--quick] [--json FILE] | tarpit [CLIENTS] [ROUNDS] | hostile");
        return 64;
}

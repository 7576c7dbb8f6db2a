using System.Globalization;
using Cstp.Bench;

switch (args)
{
    case ["memory", .. string[] sizes]:
        return await MemoryBenchmark.RunAsync(sizes);
    case ["compare", .. string[] options]:
        return await ComparisonBenchmark.RunAsync(options);
    case ["tarpit", "--greeted", .. string[] numbers]:
        return await TarPitBenchmark.RunAsync(Number(numbers, 0, 5000), Number(numbers, 1, 11), afterGreeting: true);
    case ["tarpit", .. string[] numbers]:
        return await TarPitBenchmark.RunAsync(Number(numbers, 0, 5000), Number(numbers, 1, 11), afterGreeting: false);
    case ["hostile"]:
        return await HostileBenchmark.RunAsync();
    default:
        await Console.Error.WriteLineAsync("usage: Cstp.Bench memory [MIB ...] | compare --loop PROGRAM [--quick] [--json FILE] | tarpit [--greeted] [CLIENTS] [ROUNDS] | hostile");
        return 64;
}

static int Number(string[] numbers, int place, int usual) => numbers.Length > place ? int.Parse(numbers[place], CultureInfo.InvariantCulture) : usual;

using System.Globalization;
using Cstp.Leaks;

// What tests/leaks/run calls. The allocations are counted from libcrypto's first on, so that nothing here may use it before.
LibCryptoMemory.Count();
if (args is not [string passes] || !int.TryParse(passes, NumberStyles.None, CultureInfo.InvariantCulture, out int times) || times < 1)
{
    Console.Error.WriteLine("usage: Cstp.Leaks PASSES");
    return 64;
}
// Few threads, all there from the beginning: libcrypto keeps something for each.
ThreadPool.SetMinThreads(4, 4);
ThreadPool.SetMaxThreads(4, 4);
var run = new LeakRun(times);
await run.PlantedAsync();
await run.RulesAsync();
await run.ShortageAsync();
return run.End();

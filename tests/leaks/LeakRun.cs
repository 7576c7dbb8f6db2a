using System.Globalization;
using Cstp.Conformance;
using Cstp.CryptoOpenSslInterop;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.Leaks;

/// <summary>Runs everything that the module does, well and badly, and looks at what libcrypto has left after each.</summary>
/// <param name="passes">How often each is done.</param>
internal sealed class LeakRun(int passes)
{
    /// <summary>
    /// Where a first look is suspicious, a longer one decides: a leak grows with it. What libcrypto keeps for a thread that came meanwhile, some
    /// thirty allocations, does not.
    /// </summary>
    private const int Again = 100;

    private const long RoomForGrowth = 64 << 20;

    private readonly CountingModule _module = new(new OpenSslEnveloper());
    private int _passed;
    private int _failed;

    /// <summary>A leak of one handle each time, which must be noticed.</summary>
    public async Task PlantedAsync()
    {
        long grown = await GrowthAsync(passes, static () =>
        {
            DigestHandle lost = LibCrypto.EVP_MD_CTX_new();
            lost.SetHandleAsInvalid();
            return Task.CompletedTask;
        });
        Tell(grown >= passes, $"a planted leak of one handle: {grown} allocations after {passes} times{(grown >= passes ? ", noticed" : ", NOT noticed")}");
    }

    /// <summary>The rules of the conformance suite: every algorithm and every hostile input that is known.</summary>
    public async Task RulesAsync()
    {
        foreach (ConformanceRule rule in Rules())
            await RunAsync(rule.Id);
        Certificate.Forget();
        LibCryptoMemory.Settle();
        long resident = Environment.WorkingSet;
        long live = LibCryptoMemory.Live;
        foreach (ConformanceRule rule in Rules())
        {
            long grown = await GrowthAsync(passes, () => RunAsync(rule.Id));
            int longer = Math.Max(passes, Again);
            if (grown >= passes && (grown = await GrowthAsync(longer, () => RunAsync(rule.Id))) >= longer)
                Tell(false, $"{rule.Id}: {grown} allocations more after {longer} passes");
        }
        long growth = Environment.WorkingSet - resident;
        Tell(_failed == 0, $"{Rules().Count()} rules, {_module.Operations.ToString("N0", CultureInfo.InvariantCulture)} operations: {live:N0} live allocations before, {LibCryptoMemory.Live:N0} after");
        Tell(growth < RoomForGrowth, $"resident memory grew by {growth >> 20} MiB");
    }

    /// <summary>Every allocation of an operation fails once, and with it every error path behind libcrypto's functions is walked.</summary>
    public async Task ShortageAsync()
    {
        foreach ((string name, Func<Task> operation) in ShortageCases.All(_module))
        {
            long before = await SettledAsync(operation);
            (int walked, string? fault) = await ShortageCases.WalkAsync(operation);
            long grown = await SettledAsync(operation) - before;
            Tell(fault is null && grown <= walked / 10, fault is not null ? $"{name}: {fault}" : $"{name}: {walked} allocations failed in turn, {grown} more are live");
        }
    }

    /// <summary>Prints the counts.</summary>
    /// <returns>The exit status.</returns>
    public int End()
    {
        Console.WriteLine($"  failed: {_failed}\n  succeeded: {_passed}\n  skipped: 0");
        return _failed == 0 ? 0 : 1;
    }

    /// <summary>All but those about sizes, which need long and nothing else.</summary>
    private static IEnumerable<ConformanceRule> Rules() => CryptoConformance.Rules.Where(rule => !rule.Id.StartsWith("large.", StringComparison.Ordinal));

    private static async Task<long> GrowthAsync(int times, Func<Task> what)
    {
        long before = await SettledAsync(what);
        for (int i = 0; i < times; i++)
            await what();
        return await SettledAsync(what) - before;
    }

    private static async Task<long> SettledAsync(Func<Task> what)
    {
        await what();
        Certificate.Forget();
        LibCryptoMemory.Settle();
        return LibCryptoMemory.Live;
    }

    private async Task RunAsync(string id)
    {
        foreach (ConformanceRow row in await CryptoConformance.RunAsync(_module, rule => rule.Id == id, null, CancellationToken.None))
        {
            if (row.Result == ConformanceResult.Fails)
                Tell(false, $"{row.Id}: {row.Detail}");
        }
    }

    private void Tell(bool holds, string what)
    {
        if (holds)
            _passed++;
        else
            _failed++;
        Console.WriteLine($"{(holds ? "holds" : "FAILS")}  {what}");
    }
}

using System.Globalization;
using Cstp.Bench.Comparison;
using Cstp.Bench.Peers;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench;

/// <summary>The product beside its peers, all in one run: relaying, securing and opening, in CPU time of a message.</summary>
internal sealed class ComparisonBenchmark : IAsyncDisposable
{
    private const int KiB = 1024, MiB = 1024 * KiB;

    private static readonly string[] s_modules = ["crypto-opensslinterop", "crypto-bouncycastle"];
    private static readonly string[] s_keys = ["rsa2048", "p256"];

    private readonly bool _isQuick;
    private readonly string _loop;
    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly Dictionary<string, Contestant> _contestants = [];

    private ComparisonBenchmark(bool isQuick, string loop)
    {
        _isQuick = isQuick;
        _loop = loop;
    }

    /// <summary>Runs all and prints the table.</summary>
    /// <param name="arguments"><c>--quick</c>: only what the ratios need, three short runs each; <c>--only passthrough|rsa2048|p256</c>; <c>--json FILE</c>; <c>--loop PROGRAM</c>, the C loop.</param>
    /// <returns>0; whether a target is met is in the table.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        string? Value(string option) => arguments.SkipWhile(argument => argument != option).Skip(1).FirstOrDefault();
        await using var benchmark = new ComparisonBenchmark(arguments.Contains("--quick"), Value("--loop") ?? throw new ArgumentException("--loop is missing", nameof(arguments)));
        SinkAlone sink = benchmark.Keep(await SinkAlone.StartAsync());
        string? only = Value("--only");
        if (only is null or "passthrough")
            await benchmark.RelayingAsync(sink);
        foreach (string key in s_keys.Where(key => only is null || only == key))
            await benchmark.SecuringAsync(sink, key);
        Report report = Report.Of(benchmark._contestants.Values, benchmark.Ratios());
        report.Print(Console.Out);
        if (Value("--json") is { } file)
            report.Save(file);
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable started in _started.AsEnumerable().Reverse())
            await started.DisposeAsync();
        _folder.Dispose();
    }

    private async Task RelayingAsync(SinkAlone sink)
    {
        (string Name, Peer Peer)[] peers =
        [
            ("cstp", Keep(await CstpBox.StartRelayingAsync(sink.Port))),
            ("nginx", Keep(await Nginx.StartAsync(sink.Port))),
            ("haproxy", Keep(await Haproxy.StartAsync(sink.Port))),
            ("smtp-sink alone", sink),
        ];
        (string Name, Load Load, int Messages)[] loads =
        [
            ("10 KB", new(10 * KiB, 20, IsReused: true), 10_000),
            ("10 KB, new session each", new(10 * KiB, 20, IsReused: false), 4_000),
            ("1 MB", new(MiB, 20, IsReused: true), 400),
            .. _isQuick ? [] : new (string, Load, int)[]
            {
                ("1 KB", new(KiB, 20, IsReused: true), 10_000), ("100 KB", new(100 * KiB, 20, IsReused: true), 3_000), ("10 MB", new(10 * MiB, 4, IsReused: true), 40),
            },
        ];
        foreach ((string size, Load load, int messages) in loads)
        {
            // nginx stalls for 40 ms a message, since it leaves Nagle's algorithm on: fewer messages, and idle between them.
            await CompareAsync([.. peers.Select(peer => new RelayRun(
                $"passthrough {size}: {peer.Name}", peer.Peer, load, Count(peer.Name == "nginx" ? messages / 4 : messages)))]);
        }
    }

    private async Task SecuringAsync(SinkAlone sink, string key)
    {
        List<(string Module, Community Community)> communities = [];
        foreach (string module in s_modules)
            communities.Add((module, Keep(await Community.StartAsync(module, key, sink.Port))));
        Community first = communities[0].Community;
        foreach ((string size, int octets, int messages) in _isQuick
            ? [("10 KB", 10 * KiB, 4_000), ("10 MB", 10 * MiB, 40)]
            : new[] { ("10 KB", 10 * KiB, 4_000), ("10 MB", 10 * MiB, 40), ("1 KB", KiB, 4_000), ("100 KB", 100 * KiB, 2_000) })
        {
            string plain = Sample.Write(_folder.Path, octets), looped = plain + ".loop";
            int sessions = octets < MiB ? 20 : 4, looping = octets < MiB ? 1_000 : 10;
            await Command.RunAsync(_loop, "secure", first.AmdKey.Key, first.AmdKey.Certificate, first.IntelKey.Certificate, plain, "1", looped);

            List<Contestant> securing = [new LoopRun($"secured {size}, {key}: C loop", _loop, true, first.AmdKey, first.IntelKey.Certificate, plain, Count(looping))];
            List<Contestant> opening = [new LoopRun($"opened {size}, {key}: C loop", _loop, false, first.IntelKey, first.AmdKey.Certificate, looped, Count(looping))];
            foreach ((string module, Community community) in communities)
            {
                // BouncyCastle's RSA takes twenty times as long.
                int count = module == s_modules[0] || octets >= MiB ? messages : messages / 10;
                var load = new Load(octets, sessions, IsReused: true) { Recipient = "anna@intel.test", Message = plain };
                securing.Add(new RelayRun($"secured {size}, {key}: {module}", CstpBox.Securing(community), load, Count(count)));
                opening.Add(new RelayRun($"opened {size}, {key}: {module}", CstpBox.Opening(community), load with { Message = await community.SecureAsync(plain) }, Count(count)));
            }
            if (octets == 10 * KiB && key == "rsa2048")
            {
                Peer postfix = Keep(await FilteringPostfix.StartAsync(sink.Port, first.AmdKey, first.IntelKey.Certificate));
                securing.Add(new RelayRun($"secured {size}, {key}: Postfix with filter", postfix, new Load(octets, 4, IsReused: true) { Recipient = "anna@intel.test", Message = plain }, 40));
            }
            await CompareAsync(securing);
            await CompareAsync(opening);
        }
    }

    /// <summary>Interleaved, so that what the machine does besides falls on all of them.</summary>
    private async Task CompareAsync(IReadOnlyList<Contestant> contestants)
    {
        foreach (Contestant contestant in contestants)
        {
            await contestant.WarmUpAsync();
            _contestants.Add(contestant.Name, contestant);
        }
        for (int round = 0; round < (_isQuick ? 3 : 5); round++)
        {
            foreach (Contestant contestant in contestants)
                await contestant.RunAsync();
        }
        foreach (Contestant contestant in contestants)
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{contestant.Name}: {contestant.CpuMsPerMessage:0.000} ms"));
    }

    private Dictionary<string, double> Ratios()
    {
        (string Name, string Above, string Below)[] ratios =
        [
            Cost("passthroughCpuToNginx", "10 KB"),
            Cost("passthroughNewSessionCpuToNginx", "10 KB, new session each"),
            Cost("passthrough1mCpuToNginx", "1 MB"),
            Speed("secured10kRsa2048ToCLoop", "secured 10 KB, rsa2048"),
            Speed("secured10kP256ToCLoop", "secured 10 KB, p256"),
            Speed("secured10mRsa2048ToCLoop", "secured 10 MB, rsa2048"),
            Speed("opened10kRsa2048ToCLoop", "opened 10 KB, rsa2048"),
            Speed("opened10kP256ToCLoop", "opened 10 KB, p256"),
            Speed("opened10mRsa2048ToCLoop", "opened 10 MB, rsa2048"),
            Speed("secured10kToPostfixFilter", "secured 10 KB, rsa2048", "Postfix with filter"),
        ];
        // With --only, what did not run has no ratio.
        return ratios.Where(ratio => _contestants.ContainsKey(ratio.Above) && _contestants.ContainsKey(ratio.Below))
            .ToDictionary(ratio => ratio.Name, ratio => _contestants[ratio.Above].CpuMsPerMessage / _contestants[ratio.Below].CpuMsPerMessage);

        static (string, string, string) Cost(string name, string load) => (name, $"passthrough {load}: cstp", $"passthrough {load}: nginx");
        static (string, string, string) Speed(string name, string what, string peer = "C loop") => (name, $"{what}: {peer}", $"{what}: {s_modules[0]}");
    }

    private int Count(int messages) => _isQuick ? Math.Max(4, messages / 4) : messages;

    private T Keep<T>(T started) where T : IAsyncDisposable
    {
        _started.Add(started);
        return started;
    }
}

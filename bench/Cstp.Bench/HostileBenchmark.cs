using System.Diagnostics;
using System.Globalization;
using System.Net;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench;

/// <summary>One box, honest clients, and peers that mean it ill in every state of a session: what these cost its memory and the honest their time.</summary>
internal static class HostileBenchmark
{
    private const double MiB = 1024 * 1024;

    /// <summary>What the hostile peers may add to the largest resident memory.</summary>
    private const double MemoryLimit = 96;

    /// <summary>What a session of an honest client may take, 95 of 100.</summary>
    private static readonly TimeSpan s_latencyLimit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(20), s_attacked = TimeSpan.FromSeconds(60);

    /// <summary>Measures and prints.</summary>
    /// <returns>0, or 1 where a limit is missed.</returns>
    public static async Task<int> RunAsync()
    {
        await using Peers.SinkAlone sink = await Peers.SinkAlone.StartAsync();
        using var silent = new SilentServer();
        using SignedByUnanswered letter = await SignedByUnanswered.MakeAsync(silent.Port);
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", sink.Port, sink.Port);
        await box.CommandAsync("certs", "import", letter.Authority, "--ca");
        box.Configure("#= fetch = false", "fetch = true");
        box.Configure("#= allowed_networks = []", "allowed_networks = [\"127.0.0.0/8\"]");
        await box.StartAsync();

        await HonestAsync(box.OutsidePort, TimeSpan.FromSeconds(10));   // until .NET has compiled what is used often
        TimeSpan[] alone = await HonestAsync(box.OutsidePort, s_quiet);
        double before = box.PeakOctets / MiB;
        await using var crowd = new HostileCrowd(box.OutsidePort, letter.Message);
        crowd.Come();
        TimeSpan[] among = await HonestAsync(box.OutsidePort, s_attacked);
        double added = box.PeakOctets / MiB - before;

        Line($"peers         {crowd.Slow} slow in six states; {crowd.Recipients:N0} RCPT sent, {crowd.HeaderMiB:F0} MiB of endless headers, {crowd.LineMiB:F0} MiB of endless lines, {crowd.Signed} messages whose signer's OCSP responder never answers");
        Line($"peak MiB      {before:F1} before, {before + added:F1} with them (+{added:F1}, limit {MemoryLimit})");
        Line($"honest alone  {alone.Length} sessions, median {Percentile(alone, 50):F1} ms, 95 of 100 within {Percentile(alone, 95):F1} ms");
        Line($"among them    {among.Length} sessions, median {Percentile(among, 50):F1} ms, 95 of 100 within {Percentile(among, 95):F1} ms (limit {s_latencyLimit.TotalMilliseconds:F0}), longest {Percentile(among, 100):F1} ms");
        List<string> faults = [];
        if (added >= MemoryLimit)
            faults.Add("the hostile peers cost too much memory");
        if (Percentile(among, 95) >= s_latencyLimit.TotalMilliseconds)
            faults.Add("honest sessions take too long");
        if (crowd.Recipients < 1_000_000)
            faults.Add("fewer than a million RCPT were sent");
        foreach (string fault in faults)
            Console.WriteLine(fault);
        return faults.Count == 0 ? 0 : 1;
    }

    /// <summary>One session after the other, a tenth of a second between, each from the greeting to the reply to the dot.</summary>
    private static async Task<TimeSpan[]> HonestAsync(int port, TimeSpan time)
    {
        var took = new List<TimeSpan>();
        string body = string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 130));
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time; await Task.Delay(100))
        {
            long begun = Stopwatch.GetTimestamp();
            using var session = await HostileSession.ConnectAsync(port, new IPAddress([127, 2, 0, 1]), CancellationToken.None);
            await session.AskAsync("EHLO honest.test");
            await session.AskAsync("MAIL FROM:<bob@elsewhere.test>");
            await session.AskAsync("RCPT TO:<guest@amd.test>");
            await session.AskAsync("DATA");
            string reply = await session.AskAsync($"From: bob@elsewhere.test\r\nSubject: honest\r\n\r\n{body}.");
            if (!reply.StartsWith("250", StringComparison.Ordinal))
                throw new InvalidOperationException($"an honest message was answered {reply}");
            took.Add(Stopwatch.GetElapsedTime(begun));
            await session.AskAsync("QUIT");
        }
        return [.. took.Order()];
    }

    private static double Percentile(TimeSpan[] ordered, int percent) => ordered[Math.Min(ordered.Length - 1, ordered.Length * percent / 100)].TotalMilliseconds;

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}

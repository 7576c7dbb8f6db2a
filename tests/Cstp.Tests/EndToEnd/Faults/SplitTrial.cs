using System.Globalization;
using System.Text;

namespace Cstp.Tests.EndToEnd.Faults;

/// <summary>Runs schedules, and judges: everybody has the message in the end, protected as planned, and once unless a window of RFC 1047 was hit.</summary>
internal sealed class SplitTrial : IAsyncDisposable
{
    private const string Secret = "nobody between reads this";

    /// <summary>Attempts once nothing falls any more: two kinds of recipients, each in its own, and one for what a window left.</summary>
    private const int CleanAttempts = 5;

    private readonly SortedDictionary<string, int> _windows = [];
    private readonly SortedDictionary<string, int> _falls = [];
    private int _number;
    private int _attempts;
    private int _copies;
    private int _doubled;

    public FaultServer Server { get; } = new(isRelay: false);

    public FaultServer Relay { get; } = new(isRelay: true);

    /// <summary>The seed to begin with: that of the environment, or any.</summary>
    public static int Seed() => Environment.GetEnvironmentVariable("CSTP_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000_000);

    /// <summary>How many schedules, unless the environment says otherwise.</summary>
    public static int Count(int usual, double share) =>
        Environment.GetEnvironmentVariable("CSTP_TEST_SCHEDULES") is { Length: > 0 } given ? Math.Max(1, (int)(int.Parse(given, CultureInfo.InvariantCulture) * share)) : usual;

    /// <summary>What was seen.</summary>
    public string Story(int seed)
    {
        var story = new StringBuilder();
        story.AppendLine(CultureInfo.InvariantCulture, $"{_number} schedules from seed {seed} (CSTP_TEST_SEED): {_attempts} attempts, {_copies} copies, {_doubled} more than one to a recipient");
        foreach ((string fall, int count) in _falls)
            story.AppendLine(CultureInfo.InvariantCulture, $"  fell {count,5} times: {fall}");
        foreach ((string window, int count) in _windows)
            story.AppendLine(CultureInfo.InvariantCulture, $"  window of RFC 1047 hit for {count,5} recipients: {window}");
        return story.ToString();
    }

    /// <summary>Runs one schedule to its end.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="port">Where the box listens, now.</param>
    /// <param name="killBox">Kills it as a crash does.</param>
    /// <param name="recover">Makes sure that it runs.</param>
    public async Task RunAsync(SplitSchedule schedule, Func<int> port, Func<Task> killBox, Func<Task> recover)
    {
        int number = _number++;
        string content = $"Message-ID: <{number}.{schedule.Seed}@amd.test>\r\nX-Number: {number}\r\nFrom: juro@amd.test\r\nTo: {string.Join(", ", schedule.Recipients)}\r\nSubject: s\r\n\r\n{string.Concat(Enumerable.Repeat(Secret + "\r\n", 40))}";
        var sender = new RetryingSender($"juro{number}@amd.test", content, schedule.Recipients);
        Server.RefusesSecond = schedule.ServerRefusesSecond;
        var allowed = new List<string>();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        for (int attempt = 0; !sender.IsDone; attempt++)
        {
            Assert.True(attempt < schedule.Strikes.Count + CleanAttempts, $"not delivered in {attempt} attempts; {schedule}\n{string.Join('\n', sender.Story)}");
            SplitStrike? strike = attempt < schedule.Strikes.Count ? schedule.Strikes[attempt] : null;
            var stage = new SplitStage(strike, killBox);
            Server.Stage = Relay.Stage = stage;
            await sender.AttemptAsync(port(), stage);
            await Server.UntilQuietAsync(limit.Token);
            await Relay.UntilQuietAsync(limit.Token);
            await recover();
            stage.End();
            _attempts++;
            if (stage.HasStruck)
            {
                _falls[strike!.ToString()] = _falls.GetValueOrDefault(strike.ToString()) + 1;
                sender.Story.Add($"fell: {strike}");
            }
            foreach ((string window, string recipient) in stage.Windows.Distinct())
            {
                allowed.Add(recipient);
                _windows[window] = _windows.GetValueOrDefault(window) + 1;
            }
        }
        Judge(schedule, content, $"X-Number: {number}\r\n", allowed, sender);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Relay.DisposeAsync();
    }

    private void Judge(SplitSchedule schedule, string content, string mark, List<string> allowed, RetryingSender sender)
    {
        ILookup<string, string> held = Server.Held.Concat(Relay.Held).Where(h => h.Content.Contains(mark, StringComparison.Ordinal)).ToLookup(h => h.Recipient, h => h.Content);
        Server.Held.Clear();
        Relay.Held.Clear();
        Assert.Empty(held.Select(h => h.Key).Except(schedule.Recipients));
        foreach (string recipient in schedule.Recipients)
        {
            string[] copies = [.. held[recipient]];
            string what = $"{recipient}; {schedule}\n{string.Join('\n', sender.Story)}";
            Assert.True(copies.Length > 0, $"accepted and lost: {what}");
            Assert.True(copies.Length <= 1 + allowed.Count(a => a == recipient), $"{copies.Length} copies, {allowed.Count(a => a == recipient)} windows: {what}");
            bool certified = recipient.EndsWith("@intel.test", StringComparison.Ordinal);
            foreach (string copy in copies)
                Assert.True(certified ? copy.Contains("application/pkcs7-mime", StringComparison.Ordinal) && !copy.Contains(Secret, StringComparison.Ordinal) : copy == content, $"not protected as planned: {what}\n{copy}");
            _copies += copies.Length;
            _doubled += copies.Length - 1;
        }
    }
}

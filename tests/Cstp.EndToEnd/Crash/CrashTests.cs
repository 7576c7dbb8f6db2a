using System.Globalization;
using System.Text;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Crash;

public sealed class CrashTests
{
    private const int Transactions = 500;
    private const int BoxFallsPerState = 4;
    private const int Tries = 3;

    private static readonly ProtocolState[] s_states = Enum.GetValues<ProtocolState>();

    [Fact]
    public async Task Whatever_falls_and_when_what_was_accepted_is_kept_whole_and_nothing_crosses_in_clear()
    {
        string? given = Environment.GetEnvironmentVariable("CSTP_TEST_SEED");
        int seed = given is null ? Random.Shared.Next() : int.Parse(given, CultureInfo.InvariantCulture);
        var random = new Random(seed);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));

        await using var server = new FragileServer();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);
        var scene = server.Scene = new Scene(boxes);
        var sent = new List<(string Letter, FragileClient Client, Strike? Strike)>();
        var hits = new Dictionary<(ProtocolState, Victim), int>();

        foreach (Strike? planned in Plan(random))
        {
            Strike? strike = planned;
            for (int attempt = 1; ; attempt++)
            {
                limit.Token.ThrowIfCancellationRequested();
                // A long one is still on its way when its end falls in the middle of it.
                int octets = strike?.State == ProtocolState.Content ? random.Next(300_000, 500_000) : random.Next(2_000, 20_000);
                string letter = Letter.Write(sent.Count, octets);
                var client = new FragileClient(scene);
                sent.Add((letter, client, strike));
                scene.Next = strike;
                await client.SendAsync(boxes.Amd.InsidePort, letter);
                // The server may see its end of the story a little later.
                for (int wait = 0; wait < 100 && strike is { IsDone: false }; wait++)
                    await Task.Delay(10);
                await scene.RecoverAsync();
                if (strike is null || strike.IsDone || attempt == Tries)
                    break;
                strike = strike with { };
            }
            if (strike is { IsDone: true })
                hits[(strike.State, strike.Victim)] = hits.GetValueOrDefault((strike.State, strike.Victim)) + 1;
        }

        string story = Story(seed, sent.Count, sent.Count(one => one.Client.IsTold), server.Held.Count, hits);
        Console.WriteLine(story);
        Assert.True(sent.Count >= Transactions, story);
        Assert.All(s_states, state => Assert.True(hits.Where(hit => hit.Key.Item1 == state).Sum(hit => hit.Value) >= 20, $"{state} was hit too seldom\n{story}"));
        Assert.All(
            Enum.GetValues<Victim>().SelectMany(victim => s_states.Select(state => (state, victim))),
            pair => Assert.True(hits.GetValueOrDefault(pair) > 0, $"{pair.victim} never fell at {pair.state}\n{story}"));

        Dictionary<int, List<string>> held = server.Held.GroupBy(Letter.Number).ToDictionary(same => same.Key, same => same.ToList());
        foreach (((string letter, FragileClient client, Strike? strike), int number) in sent.Select((one, number) => (one, number)))
        {
            string what = $"message {number}, {strike}, replies {string.Join(" | ", client.Replies)}\n{story}";
            Assert.True(!client.IsTold || held.ContainsKey(number), $"accepted and lost: {what}");
            Assert.True(strike is not null || client.IsTold, $"not accepted though nothing fell: {what}");
            Assert.False(strike is { IsDone: true, Victim: Victim.Client, State: < ProtocolState.AfterDot } && held.ContainsKey(number), $"kept though its client fell before the end: {what}");
            Assert.False(client.Replies.Any(reply => reply.StartsWith('5')), $"refused for good because of a crash: {what}");
            foreach (string kept in held.GetValueOrDefault(number, []))
                Assert.True(Arrived.WithoutResults(kept) == letter, $"kept otherwise than sent: {what}\n{kept[..Math.Min(2000, kept.Length)]}");
        }
        Assert.Equal(0, boxes.ToIntel.Sightings);
        Assert.Equal(0, boxes.ToAmd.Sightings);
        Assert.DoesNotContain(Directory.GetFiles(boxes.Amd.SpoolFolder).Concat(Directory.GetFiles(boxes.Intel.SpoolFolder)), file => new FileInfo(file).Length > 0);
    }

    /// <summary>Every state with every victim, mixed; null: nothing falls.</summary>
    private static List<Strike?> Plan(Random random)
    {
        int perState = Transactions / s_states.Length;
        var plan = new List<Strike?>();
        foreach (ProtocolState state in s_states)
        {
            for (int n = 0; n < perState; n++)
            {
                var moment = (Moment)random.Next(2);
                // After the dot most of the work is done: strike anywhere in it.
                TimeSpan delay = TimeSpan.FromMilliseconds(state == ProtocolState.AfterDot && moment == Moment.Late ? random.Next(40) : random.Next(4) == 0 ? random.Next(5) : 0);
                (Victim victim, Witness witness) = n switch
                {
                    < BoxFallsPerState => (Victim.Amd, (Witness)(n % 2)),
                    < 2 * BoxFallsPerState => (Victim.Intel, (Witness)(n % 2)),
                    _ when n % 2 == 0 => (Victim.Client, Witness.Client),
                    _ => (Victim.Server, Witness.Server),
                };
                plan.Add(new Strike(victim, state, witness, moment, delay));
            }
        }
        while (plan.Count < Transactions)
            plan.Add(null);
        Strike?[] mixed = [.. plan];
        random.Shuffle(mixed);
        return [.. mixed, null];
    }

    private static string Story(int seed, int sent, int told, int held, Dictionary<(ProtocolState, Victim), int> hits)
    {
        var story = new StringBuilder();
        story.AppendLine(CultureInfo.InvariantCulture, $"seed {seed} (CSTP_TEST_SEED): {sent} transactions, {told} accepted, {held} kept; crashes:");
        foreach (ProtocolState state in s_states)
            story.AppendLine(CultureInfo.InvariantCulture, $"  {state,-10} {string.Join("  ", Enum.GetValues<Victim>().Select(victim => $"{victim} {hits.GetValueOrDefault((state, victim)),3}"))}");
        return story.ToString();
    }
}

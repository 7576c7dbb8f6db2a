namespace Cstp.Tests.EndToEnd.Faults;

/// <summary>Who takes part in the delivery of a message that is split.</summary>
internal enum Role
{
    Client,
    FirstServer,
    FurtherServer,
    Box,
}

/// <summary>How far one of them has come.</summary>
internal enum Point
{
    Connected,
    Hello,
    Mail,
    Rcpt,
    Data,
    Content,
    Dot,
    Taken,
    Replied,
}

/// <summary>One fall: who, and at which point of whose.</summary>
internal sealed record SplitStrike(Role Victim, Role Witness, Point At)
{
    public override string ToString() => $"{Victim} at {Witness}'s {At}";
}

/// <summary>One message, its recipients, and what falls on its way; all of it follows from a seed.</summary>
internal sealed record SplitSchedule(int Seed, IReadOnlyList<string> Recipients, bool ServerRefusesSecond, IReadOnlyList<SplitStrike> Strikes)
{
    private static readonly string[] s_certified = ["anna@intel.test", "bert@intel.test"];
    private static readonly string[] s_plain = ["max@elsewhere.test", "mona@elsewhere.test"];

    /// <summary>Makes one.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="boxFalls">Whether the box falls (then once, at least), or connections alone.</param>
    public static SplitSchedule Of(int seed, bool boxFalls)
    {
        var random = new Random(seed);
        string[] recipients = [.. s_certified.Take(random.Next(1, 3)), .. s_plain.Take(random.Next(1, 3))];
        random.Shuffle(recipients);
        bool refuses = random.Next(3) == 0;
        var strikes = new List<SplitStrike>();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            var witness = (Role)random.Next(3);
            // The end is where it matters.
            Point at = random.Next(3) > 0 ? (Point)random.Next((int)Point.Content, (int)Point.Replied + 1) : (Point)random.Next((int)Point.Replied + 1);
            if (witness == Role.Client && at == Point.Taken)
                at = Point.Dot;
            Role victim = boxFalls && (strikes.Count == 0 || random.Next(2) == 0) ? Role.Box : (Role)random.Next(3);
            strikes.Add(new SplitStrike(victim, witness, at));
        }
        return new SplitSchedule(seed, recipients, refuses, strikes);
    }

    public override string ToString() => $"seed {Seed}: to {string.Join(' ', Recipients)}{(ServerRefusesSecond ? ", no second connection" : "")}; {string.Join(", ", Strikes)}";
}

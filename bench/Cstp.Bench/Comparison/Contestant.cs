namespace Cstp.Bench.Comparison;

/// <summary>One figure to be measured: what is run, and what it cost.</summary>
/// <param name="name">The row's name.</param>
/// <param name="messages">Messages of one run.</param>
internal abstract class Contestant(string name, int messages)
{
    private readonly List<Run> _runs = [];

    /// <summary>The row's name.</summary>
    public string Name => name;

    /// <summary>Messages of one run.</summary>
    public int Messages => messages;

    /// <summary>CPU of a message, in milliseconds: the median of the runs.</summary>
    public double CpuMsPerMessage => Median(_runs.Select(run => run.Cpu.TotalMilliseconds / messages));

    /// <summary>Messages in a second of the clock, client and server on the same cores: the median of the runs.</summary>
    public double MessagesPerSecond => Median(_runs.Select(run => messages / run.Wall.TotalSeconds));

    /// <summary>Largest resident memory over all runs, in MiB.</summary>
    public double PeakRssMiB => _runs.Max(run => run.PeakOctets) / (1024.0 * 1024);

    /// <summary>Lowest and highest CPU of a message, in milliseconds.</summary>
    public (double Low, double High) Spread => (_runs.Min(run => run.Cpu.TotalMilliseconds) / messages, _runs.Max(run => run.Cpu.TotalMilliseconds) / messages);

    /// <summary>Whether its costs are those of a program that has run for a while.</summary>
    protected virtual bool IsWarm => true;

    /// <summary>Lets compilers and caches settle: runs until it is warm and a run costs no less than the one before.</summary>
    public async Task WarmUpAsync()
    {
        const int Least = 5, Most = 12, MostOfAll = 100;
        var before = TimeSpan.FromDays(1);
        for (int i = 1; i <= (IsWarm ? Most : MostOfAll); i++)
        {
            TimeSpan cost = (await MeasureAsync()).Cpu;
            if (i >= Least && IsWarm && cost > before * 0.97)
                return;
            before = cost;
        }
    }

    /// <summary>Runs once more.</summary>
    public async Task RunAsync() => _runs.Add(await MeasureAsync());

    /// <summary>One run.</summary>
    protected abstract Task<Run> MeasureAsync();

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>What a run cost.</summary>
    /// <param name="Cpu">User and system time.</param>
    /// <param name="Wall">From the first connection to the last reply.</param>
    /// <param name="PeakOctets">Largest resident memory so far.</param>
    protected readonly record struct Run(TimeSpan Cpu, TimeSpan Wall, long PeakOctets);
}

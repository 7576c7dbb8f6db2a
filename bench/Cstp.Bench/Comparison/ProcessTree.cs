using System.Globalization;
using System.Runtime.InteropServices;

namespace Cstp.Bench.Comparison;

/// <summary>What a program and everything it started cost.</summary>
internal static partial class ProcessTree
{
    private const long TicksPerClockTick = TimeSpan.TicksPerSecond / 100;   // USER_HZ is 100 on every Linux that .NET runs on

    /// <summary>User and system time of a process, of its descendants, and of those of them that ended (proc(5), clock_getcpuclockid(3)).</summary>
    /// <param name="root">The process.</param>
    public static TimeSpan Cpu(int root)
    {
        TimeSpan sum = TimeSpan.Zero;
        foreach (int process in Members(root))
        {
            if (TryReadClock(process, out TimeSpan own) && Stat(process) is { } stat)
                sum += own + TimeSpan.FromTicks((stat.ChildrenUser + stat.ChildrenSystem) * TicksPerClockTick);
        }
        return sum;
    }

    /// <summary>The sum of their largest resident memories, in octets.</summary>
    /// <param name="root">The process.</param>
    public static long PeakOctets(int root) => Members(root).Sum(process =>
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal), "VmHWM: 0 kB");
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;   // ended in this very moment
        }
    });

    private static List<int> Members(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int process) && Stat(process) is { } stat)
                parents[process] = stat.Parent;
        }
        return [.. parents.Keys.Where(process => IsBelow(process, root, parents))];
    }

    private static bool IsBelow(int process, int root, Dictionary<int, int> parents)
    {
        for (int at = process; at > 0; at = parents.GetValueOrDefault(at))
        {
            if (at == root)
                return true;
        }
        return false;
    }

    private static (int Parent, long ChildrenUser, long ChildrenSystem)? Stat(int process)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[13], CultureInfo.InvariantCulture), long.Parse(fields[14], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;   // ended in this very moment
        }
    }

    private static bool TryReadClock(int process, out TimeSpan time)
    {
        const int ScheduledTime = 2;   // CPUCLOCK_SCHED: nanoseconds, where /proc has hundredths of a second
        bool read = ClockGetTime((~process << 3) | ScheduledTime, out TimeSpec now) == 0;
        time = TimeSpan.FromTicks(now.Seconds * TimeSpan.TicksPerSecond + now.Nanoseconds / 100);
        return read;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}

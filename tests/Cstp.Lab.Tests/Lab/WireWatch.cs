namespace Cstp.Lab.Tests.Lab;

/// <summary>What crosses the wires at both ends of both boxes for a while.</summary>
internal sealed class WireWatch
{
    /// <summary>By wire: a host on it and a neighbour's address behind the box.</summary>
    private static readonly (string Host, string Through, string[] Wires)[] s_ways = [("amd", "10.25.1.1", ["amd/eth0", "router/amd"]), ("intel", "10.25.2.1", ["intel/eth0", "router/intel"])];

    private readonly LabNetwork _lab;
    private readonly Dictionary<string, long> _starts;
    private readonly Dictionary<string, string> _seen = [];

    /// <summary>Watches from now on.</summary>
    public WireWatch(LabNetwork lab)
    {
        _lab = lab;
        _starts = s_ways.SelectMany(way => way.Wires).ToDictionary(wire => wire, wire => lab.Captures[wire].Length);
    }

    /// <summary>Sends a last frame over each wire, and reads what came before.</summary>
    public async Task EndAsync()
    {
        string last = Guid.NewGuid().ToString("n");
        foreach ((string host, string through, _) in s_ways)
            await LabNetwork.ExecAsync(host, "bash", "-c", $"echo {last} >/dev/udp/{through}/9");
        foreach (string wire in s_ways.SelectMany(way => way.Wires))
            _seen[wire] = await _lab.Captures[wire].SinceAsync(_starts[wire], last);
    }

    /// <summary>Whether a text was seen in clear on a wire.</summary>
    public bool Saw(string wire, string text) => Seen(wire).Contains(text, StringComparison.Ordinal);

    /// <summary>The frames of a wire, each octet a character.</summary>
    public string Seen(string wire) => _seen[wire];
}

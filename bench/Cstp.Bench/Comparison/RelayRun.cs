using System.Diagnostics;
using Cstp.Bench.Peers;

namespace Cstp.Bench.Comparison;

/// <summary>A program between <c>smtp-source</c> and <c>smtp-sink</c>.</summary>
/// <param name="name">The row's name.</param>
/// <param name="peer">The program.</param>
/// <param name="load">What it gets.</param>
/// <param name="messages">Messages of one run.</param>
internal sealed class RelayRun(string name, Peer peer, Load load, int messages) : Contestant(name, messages)
{
    /// <inheritdoc/>
    protected override bool IsWarm => peer.IsWarm;

    /// <inheritdoc/>
    protected override async Task<Run> MeasureAsync()
    {
        TimeSpan before = peer.Cpu;
        long start = Stopwatch.GetTimestamp();
        await load.SendAsync(peer.Port, Messages);
        await peer.SettleAsync();
        TimeSpan wall = Stopwatch.GetElapsedTime(start);
        return new(peer.Cpu - before, wall, peer.PeakOctets);
    }
}

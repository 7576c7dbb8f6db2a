using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>The product, as <c>cstp init</c> sets it up.</summary>
internal sealed class CstpBox : Peer
{
    /// <summary>
    /// By then .NET has compiled what is used often a second time, with what it learned from the first. A box runs for months: what its
    /// first minute costs, when a message takes twice as long, says nothing about them.
    /// </summary>
    private static readonly TimeSpan s_compiled = TimeSpan.FromSeconds(25);

    private readonly BoxProcess _box;
    private readonly bool _isOpening;
    private readonly bool _isOwned;

    private CstpBox(BoxProcess box, bool isOpening, bool isOwned)
    {
        _box = box;
        _isOpening = isOpening;
        _isOwned = isOwned;
    }

    public override int Port => _isOpening ? _box.OutsidePort : _box.InsidePort;

    public override bool IsWarm => Cpu > s_compiled;

    protected override int ProcessId => _box.Process.Id;

    /// <summary>Starts a box that knows nobody: what comes in on the inside passes untouched.</summary>
    /// <param name="server">Port of the server behind it.</param>
    public static async Task<Peer> StartRelayingAsync(int server)
    {
        BoxProcess box = await BoxProcess.InitAsync("amd.test", server, server);
        await box.StartAsync();
        return new CstpBox(box, isOpening: false, isOwned: true);
    }

    /// <summary>The box of a community that secures.</summary>
    /// <param name="community">Ends the box itself.</param>
    public static Peer Securing(Community community) => new CstpBox(community.Amd, isOpening: false, isOwned: false);

    /// <summary>The box of a community that opens.</summary>
    /// <param name="community">Ends the box itself.</param>
    public static Peer Opening(Community community) => new CstpBox(community.Intel, isOpening: true, isOwned: false);

    public override ValueTask DisposeAsync() => _isOwned ? _box.DisposeAsync() : ValueTask.CompletedTask;
}

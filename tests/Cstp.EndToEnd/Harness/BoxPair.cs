namespace Cstp.EndToEnd.Harness;

/// <summary>
/// amd.test and intel.test, two processes that face each other over a wire that is tapped. What comes in on the inside of the
/// one arrives at the server behind the other.
/// </summary>
internal sealed class BoxPair : IAsyncDisposable
{
    private BoxPair()
    {
        ToIntel = new WireTap(() => Intel!.OutsidePort);
        ToAmd = new WireTap(() => Amd!.OutsidePort);
    }

    public BoxProcess Amd { get; private set; } = null!;

    public BoxProcess Intel { get; private set; } = null!;

    /// <summary>The wire as amd's mail crosses it.</summary>
    public WireTap ToIntel { get; }

    /// <summary>The wire as intel's mail crosses it.</summary>
    public WireTap ToAmd { get; }

    /// <summary>Makes and starts both.</summary>
    /// <param name="intelServer">Port of the server behind intel.</param>
    /// <param name="amdServer">Port of the server behind amd.</param>
    /// <param name="prepare">Changes the configuration before the start.</param>
    /// <param name="acquainted">Whether each trusts the other's gateway.</param>
    public static async Task<BoxPair> StartAsync(int intelServer, int amdServer = 9, Action<BoxProcess>? prepare = null, bool acquainted = true)
    {
        var pair = new BoxPair();
        try
        {
            pair.Amd = await BoxProcess.InitAsync("amd.test", pair.ToIntel.Port, amdServer);
            pair.Intel = await BoxProcess.InitAsync("intel.test", pair.ToAmd.Port, intelServer);
            if (acquainted)
            {
                await pair.Amd.TrustAsync(pair.Intel);
                await pair.Intel.TrustAsync(pair.Amd);
            }
            prepare?.Invoke(pair.Amd);
            prepare?.Invoke(pair.Intel);
            await Task.WhenAll(pair.Amd.StartAsync(), pair.Intel.StartAsync());
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Amd is not null)
            await Amd.DisposeAsync();
        if (Intel is not null)
            await Intel.DisposeAsync();
        await ToIntel.DisposeAsync();
        await ToAmd.DisposeAsync();
    }
}

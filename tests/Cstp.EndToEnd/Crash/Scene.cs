using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Crash;

/// <summary>The transaction under way and the crash that waits for it; both ends ask here at each step.</summary>
/// <param name="boxes">The boxes that may fall.</param>
internal sealed class Scene(BoxPair boxes)
{
    private readonly Lock _gate = new();
    private Task<bool> _fall = Task.FromResult(false);
    private Task _restart = Task.CompletedTask;

    /// <summary>What waits.</summary>
    public Strike? Next { get; set; }

    /// <summary>Tells the scene where an end of the transaction stands.</summary>
    /// <returns>Whether this end is the one to fall.</returns>
    public Task<bool> FallsAsync(Witness witness, ProtocolState state, Moment moment)
    {
        lock (_gate)
        {
            if (Next is not { } strike || !strike.Falls(witness, state, moment))
                return Task.FromResult(false);
            return _fall = Task.Run(() => FallAsync(strike));
        }
    }

    /// <summary>Lets nothing more happen, and waits until a box that fell is back.</summary>
    public async Task RecoverAsync()
    {
        Task<bool> fall;
        lock (_gate)
        {
            Next = null;
            fall = _fall;
        }
        await fall;
        await _restart;
    }

    private async Task<bool> FallAsync(Strike strike)
    {
        await Task.Delay(strike.Delay);
        if (strike.Victim is Victim.Client or Victim.Server)
            return true;
        BoxProcess box = strike.Victim == Victim.Amd ? boxes.Amd : boxes.Intel;
        await box.KillAsync();
        _restart = box.StartAsync();
        return false;
    }
}

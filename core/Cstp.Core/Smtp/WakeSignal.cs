using System.Threading.Tasks.Sources;

namespace Cstp.Core.Smtp;

/// <summary>
/// Wakes the one flow that waits for whatever comes first, and costs nothing each time: Task.WhenAny with a deadline makes six
/// objects a wait, which showed in profiles of relaying. Whoever is woken looks for the reason by itself.
/// </summary>
internal sealed class WakeSignal : IValueTaskSource
{
    private const int Idle = 0, Raised = 1, Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    /// <summary>
    /// Changed by full fences alone: who finds it idle has seen what was done before each raise that is overwritten, or leaves it raised.
    /// With a plain write, looking for the reason could come before the write, and a raise in between would be lost.
    /// </summary>
    private int _state;

    /// <summary>Makes one that is not raised.</summary>
    public WakeSignal() => Raise = () =>
    {
        if (Interlocked.Exchange(ref _state, Raised) == Awaited)
        {
            Interlocked.Exchange(ref _state, Idle);
            _core.SetResult(true);
        }
    };

    /// <summary>Wakes the flow, on the calling thread; any thread at any time. One object, so that it can be handed on for free.</summary>
    public Action Raise { get; }

    /// <summary>Waits until it is raised; at once where it was raised since the last wait. One flow at a time.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Idle) == Idle)
            return new ValueTask(this, _core.Version);
        Interlocked.Exchange(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

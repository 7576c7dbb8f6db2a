namespace Cstp.Core.Diagnostics;

/// <summary>Does something in the background, at once and then once in each interval. A round that fails is told, and the next one comes all the same.</summary>
internal sealed class Rounds : IAsyncDisposable
{
    private readonly PeriodicTimer _timer;
    private readonly Task _running;

    /// <summary>Starts.</summary>
    /// <param name="interval">From one round to the next.</param>
    /// <param name="time">The clock.</param>
    /// <param name="round">What is done.</param>
    /// <param name="failed">Is told why a round failed.</param>
    public Rounds(TimeSpan interval, TimeProvider time, Action round, Action<Exception> failed)
    {
        _timer = new PeriodicTimer(interval, time);
        _running = Task.Run(() => RunAsync(round, failed));
    }

    /// <summary>Waits for a round under way; none comes any more.</summary>
    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _running;
    }

    private async Task RunAsync(Action round, Action<Exception> failed)
    {
        do
        {
            try
            {
                round();
            }
            catch (Exception cause)
            {
                failed(cause);
            }
        }
        while (await _timer.WaitForNextTickAsync());
    }
}

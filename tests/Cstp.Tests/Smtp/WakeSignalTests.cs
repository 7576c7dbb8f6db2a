using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

/// <summary>No raise is lost, whoever raises and whenever.</summary>
public sealed class WakeSignalTests
{
    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Raised_before_the_wait_it_ends_the_wait_at_once_and_only_that_one()
    {
        var signal = new WakeSignal();
        signal.Raise();
        signal.Raise();
        Assert.True(signal.WaitAsync().IsCompletedSuccessfully);
        Task next = signal.WaitAsync().AsTask();
        Assert.False(next.IsCompleted);
        signal.Raise();
        await next.WaitAsync(TimeSpan.FromSeconds(30), Patience);
    }

    [Fact]
    public async Task Whoever_waits_goes_on_upon_the_thread_that_raises()
    {
        var signal = new WakeSignal();
        int woken = 0;
        Task waiting = WaitAsync();
        var thread = new Thread(() => signal.Raise()) { IsBackground = true };
        thread.Start();
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Patience);
        Assert.Equal(thread.ManagedThreadId, woken);

        async Task WaitAsync()
        {
            await signal.WaitAsync().ConfigureAwait(false);
            woken = Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public async Task Two_that_raise_at_any_moment_never_leave_the_flow_asleep()
    {
        const int Turns = 100_000;
        var signal = new WakeSignal();
        int first = 0, second = 0;
        Task flow = Task.Run(
            async () =>
            {
                while (Volatile.Read(ref first) < Turns || Volatile.Read(ref second) < Turns)
                    await signal.WaitAsync().ConfigureAwait(false);
            },
            Patience);
        Parallel.Invoke(() => Count(ref first), () => Count(ref second));
        await flow.WaitAsync(TimeSpan.FromSeconds(60), Patience);

        void Count(ref int count)
        {
            for (int i = 0; i < Turns; i++)
            {
                Interlocked.Increment(ref count);
                signal.Raise();
            }
        }
    }
}

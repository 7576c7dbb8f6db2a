using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

/// <summary>Work that takes long is not done on the one thread that all sessions share.</summary>
public sealed class SocketThreadTests
{
    [Fact]
    public async Task Leaving_goes_on_upon_a_thread_of_the_pool()
    {
        var went = new TaskCompletionSource<(bool Before, bool After)>();
        var thread = new Thread(() => _ = GoAsync(went)) { IsBackground = true };
        thread.Start();
        Assert.Equal((false, true), await went.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task On_a_thread_of_the_pool_it_costs_nothing() =>
        Assert.True(await Task.Run(() => SocketThread.LeaveAsync().IsCompletedSuccessfully, TestContext.Current.CancellationToken));

    private static async Task GoAsync(TaskCompletionSource<(bool Before, bool After)> went)
    {
        bool before = Thread.CurrentThread.IsThreadPoolThread;
        await SocketThread.LeaveAsync();
        went.SetResult((before, Thread.CurrentThread.IsThreadPoolThread));
    }
}

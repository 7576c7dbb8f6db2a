namespace Cstp.Core.Smtp;

/// <summary>The thread on which replies and content arrive. All sessions share it, so that what takes long must leave it first.</summary>
internal static class SocketThread
{
    /// <summary>Goes on, on a thread of the pool; at once where this is one already.</summary>
    public static async Task LeaveAsync()
    {
        if (!Thread.CurrentThread.IsThreadPoolThread)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }
}

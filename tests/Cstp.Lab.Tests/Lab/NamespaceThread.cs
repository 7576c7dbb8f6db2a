using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Cstp.Lab.Tests.Lab;

/// <summary>Runs code inside a network namespace: on one thread, to which every continuation comes back.</summary>
internal static partial class NamespaceThread
{
    private const int CloneNewNet = 0x4000_0000;
    private const int OpenReadOnly = 0;

    /// <summary>Runs it to its end; sockets made and programs started there belong to the namespace.</summary>
    public static Task<T> RunAsync<T>(string host, Func<Task<T>> code)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(Run) { IsBackground = true };
        thread.Start();
        return result.Task;

        void Run()
        {
            try
            {
                Enter($"/run/netns/{host}");
                result.SetResult(Pump(code));
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        }
    }

    public static Task RunAsync(string host, Func<Task> code) => RunAsync(host, async () =>
    {
        await code();
        return true;
    });

    private static T Pump<T>(Func<Task<T>> code)
    {
        using var queue = new BlockingCollection<(SendOrPostCallback, object?)>();
        SynchronizationContext.SetSynchronizationContext(new QueueContext(queue));
        Task<T> task = code();
        task.ContinueWith(_ => queue.CompleteAdding(), TaskScheduler.Default);
        foreach ((SendOrPostCallback callback, object? state) in queue.GetConsumingEnumerable())
            callback(state);
        return task.GetAwaiter().GetResult();
    }

    private static void Enter(string file)
    {
        int handle = open(file, OpenReadOnly);
        if (handle < 0 || setns(handle, CloneNewNet) != 0)
            throw new IOException($"{file}: {Marshal.GetLastPInvokeErrorMessage()}");
        close(handle);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int handle, int kind);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int handle);

    private sealed class QueueContext(BlockingCollection<(SendOrPostCallback, object?)> queue) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback callback, object? state) => queue.Add((callback, state));
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;

namespace Cstp.Core.Mime;

/// <summary>Runs the stages of a message: whoever reads or writes a pipe here completes it, with the exception if there was one.</summary>
internal static class Stages
{
    /// <summary>Runs one stage, on this thread until it waits for the first time.</summary>
    /// <param name="stage">The work.</param>
    /// <param name="input">What it reads; completed afterwards.</param>
    /// <param name="outputs">What it writes; completed afterwards: a failed stage never looks like the end of a message.</param>
    public static async Task RunAsync(Func<Task> stage, PipeReader? input, params PipeWriter[] outputs)
    {
        Exception? fault = null;
        try
        {
            await stage();
        }
        catch (Exception e)
        {
            fault = e;
            throw;
        }
        finally
        {
            foreach (PipeWriter output in outputs)
                await output.CompleteAsync(fault);
            if (input is not null)
                await input.CompleteAsync(fault);
        }
    }

    /// <summary>Copies a stream into several at the pace of the slowest.</summary>
    /// <param name="from">Read to its end.</param>
    /// <param name="to">Each receives all octets.</param>
    /// <param name="cancel">Ends the copying.</param>
    /// <exception cref="IOException">One of them is not read any more.</exception>
    public static async Task CopyAsync(PipeReader from, IReadOnlyList<PipeWriter> to, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await from.ReadAsync(cancel);
            if (read.IsCanceled)
                throw new OperationCanceledException("copying was cancelled");
            foreach (PipeWriter writer in to)
            {
                foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    writer.Write(segment.Span);
            }
            from.AdvanceTo(read.Buffer.End);
            foreach (PipeWriter writer in to)
            {
                if ((await writer.FlushAsync(cancel)).IsCompleted)
                    throw new IOException("a stage stopped reading");
            }
            if (read.IsCompleted)
                return;
        }
    }

    /// <summary>Waits for all stages; the first failure stops the others, and is the one that is thrown.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="stop">Stops them.</param>
    public static async Task WhenAllOrFirstFailureAsync(IReadOnlyList<Task> stages, CancellationTokenSource stop)
    {
        var failures = new List<Exception>();
        var waiting = stages.ToList();
        while (waiting.Count > 0)
        {
            Task done = await Task.WhenAny(waiting);
            waiting.Remove(done);
            if (done.IsCompletedSuccessfully)
                continue;
            failures.Add(done.IsCanceled ? new OperationCanceledException("a stage was cancelled") : done.Exception!.InnerException!);
            await stop.CancelAsync();
        }
        // A stage that lost its neighbour may be done before the neighbour that failed: the cause is what is neither a lost pipe nor a cancellation.
        if ((failures.FirstOrDefault(f => f is not OperationCanceledException && f.GetType() != typeof(IOException)) ?? failures.FirstOrDefault()) is { } cause)
            ExceptionDispatchInfo.Throw(cause);
    }
}

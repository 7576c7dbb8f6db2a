using System.Runtime.ExceptionServices;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Pipes;

namespace Cstp.CryptoBouncyCastle;

/// <summary>The one place where an exception about broken input becomes a result.</summary>
internal static class InputNet
{
    /// <summary>Reads input that a stranger wrote.</summary>
    /// <param name="read">The reading; whatever it throws about its input is caught.</param>
    /// <param name="failed">Makes the result from what was wrong.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <remarks>
    /// The readers call BouncyCastle, which meets damage with exceptions of many types, so that all but those of the surroundings
    /// count. It runs on the thread pool: the caller's thread may be the one that serves sockets.
    /// </remarks>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<string, T> failed, CancellationToken cancel)
    {
        try
        {
            return await Task.Run(read, cancel);
        }
        catch (HostFaultException fault)
        {
            ExceptionDispatchInfo.Throw(fault.InnerException!);
            throw;
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or PipeFaultException or CmsKeyException or OutOfMemoryException))
        {
            return failed(fault.Message);
        }
    }
}

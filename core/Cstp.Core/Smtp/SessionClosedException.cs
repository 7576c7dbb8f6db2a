using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>The session must end: both connections are cut, the server's before any end of data.</summary>
/// <param name="reply">What the client is told; null for nothing.</param>
/// <param name="cause">For the log.</param>
internal sealed class SessionClosedException(Reply? reply, string cause) : Exception(cause)
{
    /// <summary>What the client is told; null for nothing.</summary>
    public Reply? Reply { get; } = reply;
}

namespace Cstp.Core.Tls;

/// <summary>A file of the section <c>[tls]</c> cannot be used.</summary>
/// <param name="key">The setting that names it.</param>
/// <param name="message">What is wrong and what to do.</param>
/// <param name="inner">The cause.</param>
internal sealed class TlsFileException(string key, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The setting that names the file.</summary>
    public string Key { get; } = key;
}

/// <summary>A handshake failed: this connection is of no use any more.</summary>
/// <param name="message">Why.</param>
/// <param name="inner">The cause.</param>
internal sealed class TlsHandshakeException(string message, Exception inner) : IOException(message, inner);

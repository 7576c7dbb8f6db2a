namespace Cstp.CryptoBouncyCastle.Pipes;

/// <summary>One of the caller's pipes failed.</summary>
/// <remarks>Told apart by its type from what the parsers throw at broken input, which is a result and no exception.</remarks>
internal sealed class PipeFaultException(string message, Exception? cause = null) : IOException(message, cause);

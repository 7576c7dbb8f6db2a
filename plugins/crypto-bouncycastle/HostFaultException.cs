namespace Cstp.CryptoBouncyCastle;

/// <summary>Carries what a callback of the host threw past the net for broken input.</summary>
internal sealed class HostFaultException(Exception cause) : Exception(cause.Message, cause);

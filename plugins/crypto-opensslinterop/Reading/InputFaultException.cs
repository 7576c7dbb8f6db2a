namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>A pipe of the host's failed, which is no fault of the message.</summary>
/// <param name="cause">What the pipe threw.</param>
internal sealed class InputFaultException(Exception cause) : Exception(cause.Message, cause);

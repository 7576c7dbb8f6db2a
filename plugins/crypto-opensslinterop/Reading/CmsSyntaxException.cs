namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>What came is not the structure that it must be, or over a limit.</summary>
/// <param name="message">Where, and how.</param>
internal sealed class CmsSyntaxException(string message) : Exception(message);

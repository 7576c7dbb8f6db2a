namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>The input is no BER, not the structure that is due, or over a limit.</summary>
internal sealed class BerException(string message) : Exception(message);

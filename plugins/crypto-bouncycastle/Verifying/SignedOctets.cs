namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>What a signature was made over.</summary>
/// <param name="Hash">Digest of the attributes, or of the content where there are none.</param>
/// <param name="Attributes">The attributes as DER SET OF; null where there are none.</param>
internal sealed record SignedOctets(byte[] Hash, byte[]? Attributes);

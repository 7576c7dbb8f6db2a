namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>The key that the content will be decrypted with, right or not.</summary>
/// <param name="Match">The RecipientInfo that it came from.</param>
/// <param name="Octets">The key; random where none could be had, so that the work that follows is the same.</param>
/// <param name="KeyManagement">A name of <see cref="Abstractions.CmsAlgorithmNames"/>, or a dotted identifier.</param>
/// <param name="Problem">Why the key is known to be wrong; null where that is not known.</param>
internal sealed record ContentKey(RecipientMatch Match, byte[] Octets, string KeyManagement, string? Problem);

using Org.BouncyCastle.Asn1.Cms;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>The sender's side of a key agreement (RFC 5652 6.2.2).</summary>
/// <param name="Key">The ephemeral key; null where the sender names a certificate instead.</param>
/// <param name="UserKeyingMaterial">The ukm field, or null.</param>
internal sealed record AgreementOriginator(OriginatorPublicKey? Key, byte[]? UserKeyingMaterial);

namespace Cstp.Abstractions;

/// <summary>What a signature is to be made with.</summary>
/// <param name="Signer">Certificate and key. The key's kind decides the signature algorithm; an RSA key marked id-RSASSA-PSS signs with PSS.</param>
/// <param name="Certificates">Further certificates to be carried: the signer's chain and the one to be encrypted to.</param>
/// <param name="Digest">The digest. Ed25519 (RFC 8419 3.1) and ML-DSA (RFC 9882 3.3) always take SHA-512, whatever stands here.</param>
/// <param name="SigningTime">Goes into the signing-time attribute, in UTC.</param>
/// <param name="EncryptionCertificate">
/// The certificate that answers shall be encrypted to (SMIMEEncryptionKeyPreference, RFC 8551 2.5.3); null where it is the signer's.
/// </param>
public sealed record SigningRequest(
    CmsIdentity Signer,
    IReadOnlyList<EncodedCertificate> Certificates,
    DigestAlgorithm Digest,
    DateTimeOffset SigningTime,
    EncodedCertificate? EncryptionCertificate = null);

/// <summary>One certificate that a message is encrypted to.</summary>
/// <param name="Certificate">Its key decides between key transport (RSA), key agreement (EC, X25519) and key encapsulation (ML-KEM).</param>
/// <param name="RsaTransport">What an RSA key gets; other keys ignore it.</param>
public sealed record EncryptionRecipient(EncodedCertificate Certificate, RsaKeyTransport RsaTransport);

/// <summary>Whom a message is encrypted to, and how.</summary>
/// <param name="Recipients">At least one; a certificate given twice is written once.</param>
/// <param name="Cipher">CBC makes EnvelopedData, GCM makes AuthEnvelopedData.</param>
public sealed record EncryptionRequest(IReadOnlyList<EncryptionRecipient> Recipients, ContentCipher Cipher);

/// <summary>What a message may be decrypted with.</summary>
/// <param name="Keys">Certificates with their keys; only a RecipientInfo that names one of them is tried.</param>
/// <param name="AllowTripleDes">Whether Triple DES is read.</param>
public sealed record DecryptionRequest(IReadOnlyList<CmsIdentity> Keys, bool AllowTripleDes = false);

/// <summary>Finds certificates for a signer beyond those that the message carries.</summary>
/// <param name="signer">The identifier in the SignerInfo.</param>
/// <returns>All candidates; each is tried. Must not block.</returns>
public delegate IReadOnlyList<EncodedCertificate> CertificateLookup(SignerIdentifier signer);

/// <summary>What a signature is checked with.</summary>
/// <param name="Lookup">
/// Asked for certificates that are already known; those are tried before the ones that the message carries, so that a
/// carried certificate never shadows a known one.
/// </param>
public sealed record VerificationRequest(CertificateLookup Lookup);

namespace Cstp.Abstractions;

/// <summary>Names a certificate the way CMS does (RFC 5652 5.3, 6.2): by issuer and serial number, or by subject key identifier.</summary>
/// <param name="Issuer">DER octets of the issuer's Name; empty where the key identifier is given.</param>
/// <param name="SerialNumber">Content octets of the serial's INTEGER; empty where the key identifier is given.</param>
/// <param name="SubjectKeyIdentifier">The key identifier; empty where issuer and serial are given.</param>
public sealed record SignerIdentifier(
    ReadOnlyMemory<byte> Issuer,
    ReadOnlyMemory<byte> SerialNumber,
    ReadOnlyMemory<byte> SubjectKeyIdentifier);

/// <summary>What became of an attempt to decrypt. Exactly one of the nested types.</summary>
public abstract record DecryptionResult
{
    private DecryptionResult()
    {
    }

    /// <summary>The content was written whole.</summary>
    /// <param name="Authenticated">Whether the form itself has integrity (AuthEnvelopedData, tag verified).</param>
    /// <param name="Key">The identity that opened it.</param>
    /// <param name="ContentEncryption">A name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="KeyManagement">A name of <see cref="CmsAlgorithmNames"/>.</param>
    public sealed record Decrypted(bool Authenticated, CmsIdentity Key, string ContentEncryption, string KeyManagement) : DecryptionResult;

    /// <summary>No RecipientInfo names one of the keys. Nothing was written.</summary>
    /// <param name="ContentEncryption">What the content is encrypted with.</param>
    /// <param name="Recipients">How many RecipientInfos there are.</param>
    public sealed record NoMatchingKey(string ContentEncryption, int Recipients) : DecryptionResult;

    /// <summary>
    /// The structure is broken, an algorithm is not read, or a key matched and what followed failed. Whatever was written is not to be used.
    /// </summary>
    /// <param name="Reason">For the local log only: no peer may learn which step failed (RFC 3218 2.3).</param>
    public sealed record Failed(string Reason) : DecryptionResult;
}

/// <summary>What was found out about the signatures of a message. Exactly one of the nested types.</summary>
public abstract record VerificationResult
{
    private VerificationResult()
    {
    }

    /// <summary>The structure was read to its end; whether the signatures hold stands at each signer.</summary>
    /// <param name="Signers">One entry a SignerInfo; empty in a certificates-only message.</param>
    /// <param name="Certificates">The X.509 certificates carried, the first 64.</param>
    public sealed record Checked(IReadOnlyList<SignerResult> Signers, IReadOnlyList<EncodedCertificate> Certificates) : VerificationResult;

    /// <summary>The structure is broken or over a limit. Whatever was written is not to be used.</summary>
    /// <param name="Reason">For log and report.</param>
    public sealed record Malformed(string Reason) : VerificationResult;
}

/// <summary>Whether one signature holds mathematically. Trust is not judged here.</summary>
public enum SignatureValidity
{
    /// <summary>Content and attributes are what the key signed.</summary>
    Valid,

    /// <summary>They are not, or an attribute that must be there is missing, double or wrong.</summary>
    Invalid,

    /// <summary>No certificate for this signer is known or carried.</summary>
    CertificateMissing,

    /// <summary>The content was not digested with this signer's algorithm; ask again naming it.</summary>
    DigestMissing,

    /// <summary>The module knows the digest, the signature algorithm or the key's kind not.</summary>
    Unsupported,
}

/// <summary>The result for one SignerInfo (RFC 5652 5.3).</summary>
public sealed record SignerResult
{
    /// <summary>The identifier in the SignerInfo.</summary>
    public required SignerIdentifier Identifier { get; init; }

    /// <summary>Whether the signature holds.</summary>
    public required SignatureValidity Validity { get; init; }

    /// <summary>What is wrong, for log and report; null where it holds.</summary>
    public string? Reason { get; init; }

    /// <summary>The certificate whose key verified the signature; where it failed, the one that was tried last; null where there is none.</summary>
    public EncodedCertificate? Certificate { get; init; }

    /// <summary>The digest, a name of <see cref="CmsAlgorithmNames"/>.</summary>
    public required string Digest { get; init; }

    /// <summary>The signature algorithm, a name of <see cref="CmsAlgorithmNames"/>.</summary>
    public required string Signature { get; init; }

    /// <summary>The signing-time attribute: the signer's claim.</summary>
    public DateTimeOffset? SigningTime { get; init; }

    /// <summary>
    /// The content encryption algorithms of the signed SMIMECapabilities attribute in its order (RFC 8551 2.5.2), as names of
    /// <see cref="CmsAlgorithmNames"/> or dotted object identifiers; empty where there is none.
    /// </summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];
}

/// <summary>A key or certificate cannot be used by the module as asked.</summary>
/// <param name="message">Names what is wrong with which certificate, and what to do.</param>
/// <param name="cause">What the module met, or null.</param>
public sealed class CmsKeyException(string message, Exception? cause = null) : Exception(message, cause);

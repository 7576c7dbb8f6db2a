using System.Security.Cryptography;
using CryptoSample.Keys;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>Judges one signer: the mathematics alone, never trust.</summary>
/// <param name="contentType">The type of the content.</param>
/// <param name="digests">The content's digests; null where the content is missing.</param>
/// <param name="request">Where further certificates come from.</param>
/// <param name="carried">The certificates that the message carries.</param>
internal sealed class SignerCheck(string contentType, ContentDigests? digests, VerificationRequest request, IReadOnlyList<EncodedCertificate> carried)
{
    /// <summary>Judges.</summary>
    /// <param name="info">The signer.</param>
    public SignerResult Judge(SignerInfo info)
    {
        AttributeCheck? attributes = info.Attributes is { } set ? new AttributeCheck(set) : null;
        EncodedCertificate? tried = null;
        string signature = info.SignatureOid;
        SignerResult Result(SignatureValidity validity, string? reason = null) => new()
        {
            Identifier = info.Identifier,
            Validity = validity,
            Reason = reason,
            Certificate = tried,
            Digest = Oids.DigestName(info.DigestOid),
            Signature = signature,
            SigningTime = attributes?.SigningTime,
            Capabilities = attributes?.Capabilities ?? [],
        };

        if (digests is null)
            return Result(SignatureValidity.Invalid, "the content is not where it should be");
        if (info.DigestOid != Oids.Sha256)
            return Result(SignatureValidity.Unsupported, "this module knows SHA-256 alone");
        if (digests.Value(CmsAlgorithmNames.Sha256) is not { } contentDigest)
            return Result(SignatureValidity.DigestMissing, "SHA-256 was not computed over the content");
        if (attributes is null && (contentType != Oids.Data || digests.LooksLikeAttributes))
            return Result(SignatureValidity.Invalid, "signed attributes are missing");
        if (attributes?.FindFault(info, contentType, contentDigest) is { } fault)
            return Result(SignatureValidity.Invalid, fault);

        EncodedCertificate[] candidates = [.. request.Lookup(info.Identifier), .. carried];
        byte[] signed = info.Attributes is { } encoded ? SHA256.HashData(encoded) : contentDigest;
        SignerResult result = Result(SignatureValidity.CertificateMissing, "no certificate is known or carried");
        foreach (Certificate certificate in candidates.Distinct().Select(Certificate.TryRead).OfType<Certificate>().Where(one => one.IsNamedBy(info.Identifier)))
        {
            tried = certificate.Encoded;
            (SignatureValidity validity, string name) = Verify(certificate, info, signed);
            signature = name;
            if (validity == SignatureValidity.Valid && attributes is not null && attributes.BindsToAnother(certificate.Encoded))
                validity = SignatureValidity.Invalid;
            result = Result(validity, validity == SignatureValidity.Valid ? null : "the signature does not hold with this certificate's key");
            if (validity == SignatureValidity.Valid)
                break;
        }
        return result;
    }

    private static (SignatureValidity Validity, string Name) Verify(Certificate certificate, SignerInfo info, byte[] digest)
    {
        switch (info.SignatureOid)
        {
            case Oids.Rsa or Oids.Sha256WithRsa when certificate.IsRsa:
                using (RSA? rsa = certificate.OpenRsa())
                {
                    return (rsa is null ? SignatureValidity.Unsupported : Of(rsa.VerifyHash(digest, info.Signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), CmsAlgorithmNames.RsaPkcs1);
                }
            case Oids.EcdsaWithSha256 when certificate.IsP256:
                using (ECDsa? ecdsa = certificate.OpenEcdsa())
                    return (ecdsa is null ? SignatureValidity.Unsupported : Of(ecdsa.VerifyHash(digest, info.Signature, DSASignatureFormat.Rfc3279DerSequence)), CmsAlgorithmNames.EcdsaP256);
            case Oids.Rsa or Oids.Sha256WithRsa or Oids.EcdsaWithSha256 when certificate.IsRsa || certificate.IsP256:
                return (SignatureValidity.Invalid, info.SignatureOid);
            default:
                return (SignatureValidity.Unsupported, info.SignatureOid);
        }
    }

    private static SignatureValidity Of(bool holds) => holds ? SignatureValidity.Valid : SignatureValidity.Invalid;
}

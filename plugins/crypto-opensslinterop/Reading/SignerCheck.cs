using System.Formats.Asn1;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Checks the signers of one message.</summary>
/// <param name="contentType">The eContentType.</param>
/// <param name="isDetached">Whether the content was given beside the signature.</param>
/// <param name="hasContent">Whether the structure carries content.</param>
/// <param name="digests">The content's digests.</param>
/// <param name="carried">The certificates that the message carries.</param>
/// <param name="verification">Where further ones come from.</param>
internal sealed class SignerCheck(
    string contentType, bool isDetached, bool hasContent, ContentDigests digests, IReadOnlyList<EncodedCertificate> carried, VerificationRequest verification)
{
    /// <summary>Attributes that mean nothing unless they are signed (RFC 5652 11).</summary>
    private static readonly string[] s_onlySigned = [Oids.ContentType, Oids.MessageDigest, Oids.SigningTime];

    /// <summary>Checks one.</summary>
    /// <param name="signer">The SignerInfo.</param>
    public SignerResult Check(SignerValue signer)
    {
        string digest = Oids.DigestName(signer.Digest.Oid) ?? signer.Digest.Oid;
        (string Family, string? Digest)? scheme = Oids.Signature(signer.Signature.Oid);
        // With parameters an identifier of ML-DSA is none (RFC 9882 2).
        if (scheme is { } found && LatticeAlgorithm.Find(found.Family) is not null && !signer.Signature.Parameters.IsEmpty)
            scheme = null;
        var result = new SignerResult { Identifier = signer.Identifier, Validity = SignatureValidity.Invalid, Digest = digest, Signature = signer.Signature.Oid };
        SignerAttributes? attributes = null;
        try
        {
            if (signer.SignedAttributes is { } element)
            {
                attributes = new SignerAttributes(element);
                result = result with { SigningTime = attributes.SigningTime, Capabilities = attributes.Capabilities };
            }
            Certificate[] candidates = Candidates(signer.Identifier);
            if (candidates.Length > 0)
                result = result with { Certificate = candidates[^1].Encoded, Signature = Name(scheme?.Family, candidates[^1]) ?? signer.Signature.Oid };

            if (isDetached && hasContent)
                return Wrong(result, "a detached signature carries content");
            if (signer.UnsignedTypes.Intersect(s_onlySigned).Any())
                return Wrong(result, "an attribute that must be signed stands unsigned");
            if (scheme is not { } known)
                return result with { Validity = SignatureValidity.Unsupported, Reason = $"signature algorithm {signer.Signature.Oid} is not known" };
            if (!Oids.IsDigest(digest) || !EvpDigest.Has(digest))
                return result with { Validity = SignatureValidity.Unsupported, Reason = $"digest {digest} is not known" };
            if (digests.Find(digest) is not { } contentDigest)
            {
                return isDetached
                    ? result with { Validity = SignatureValidity.DigestMissing, Reason = $"the content was not digested with {digest}" }
                    : Wrong(result, $"the digest {digest} is not announced");
            }
            if (known.Digest is { } named && named != digest)
                return Wrong(result, "the signature algorithm names another digest");
            if (attributes is null && contentType != Oids.Data)
                return Wrong(result, "no signed attributes though the content is not data");
            if (attributes is null && digests.LooksLikeAttributes)
                return Wrong(result, "the content could be signed attributes of another message");
            if (attributes?.FindFault(contentType, contentDigest, signer) is { } fault)
                return Wrong(result, fault);
            if (candidates.Length == 0)
                return result with { Validity = SignatureValidity.CertificateMissing, Reason = "the signer's certificate is neither known nor carried" };
            return Try(result, candidates, signer, known.Family, attributes, contentDigest);
        }
        catch (Exception e) when (e is AsnContentException or CmsSyntaxException or OpenSslException)
        {
            return Wrong(result, e.Message);
        }
    }

    private static SignerResult Try(
        SignerResult result, Certificate[] candidates, SignerValue signer, string family, SignerAttributes? attributes, byte[] contentDigest)
    {
        SignerResult last = result;
        foreach (Certificate candidate in candidates)
        {
            last = result with { Certificate = candidate.Encoded, Signature = Name(family, candidate) ?? signer.Signature.Oid };
            if (candidate.Fault is { } fault)
            {
                last = last with { Validity = SignatureValidity.Unsupported, Reason = fault };
                continue;
            }
            if (attributes is not null && !attributes.Name(candidate))
            {
                last = Wrong(last, "the certificate is not the one that the signer named");
                continue;
            }
            SignatureValidity validity = new SignatureMath(signer, candidate, family).Check(contentDigest, out string? reason);
            last = last with { Validity = validity, Reason = reason };
            if (validity == SignatureValidity.Valid)
                return last;
        }
        return last;
    }

    private Certificate[] Candidates(SignerIdentifier identifier) =>
        [.. verification.Lookup(identifier).Concat(carried).Distinct().Select(Certificate.TryRead).OfType<Certificate>().Where(c => c.Answers(identifier))];

    private static string? Name(string? family, Certificate certificate) => family switch
    {
        Oids.Rsa => CmsAlgorithmNames.RsaPkcs1,
        Oids.RsaPss => CmsAlgorithmNames.RsaPss,
        Oids.Ec => certificate.Curve?.SignatureName,
        Oids.Ed25519 => CmsAlgorithmNames.Ed25519,
        Oids.Dsa => CmsAlgorithmNames.Dsa,
        null => null,
        _ => LatticeAlgorithm.Find(family)?.Name,
    };

    private static SignerResult Wrong(SignerResult result, string reason) => result with { Validity = SignatureValidity.Invalid, Reason = reason };
}

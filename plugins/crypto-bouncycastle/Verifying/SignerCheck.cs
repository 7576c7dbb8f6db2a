using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;
using SignerInfo = Org.BouncyCastle.Asn1.Cms.SignerInfo;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Judges the signers of one message (RFC 5652 5.6).</summary>
internal sealed class SignerCheck(SignedMessage message, CertificateLookup lookup)
{
    // 16 signers with a certificate of the greatest key each stay below a second; more is an attack.
    private const int MostChecks = 64;

    private int _checks;

    public IReadOnlyList<SignerResult> Judge() => [.. message.Signers.Select(Judge)];

    private SignerResult Judge(SignerInfo signer)
    {
        SignatureScheme scheme = SignatureScheme.Read(signer.SignatureAlgorithm);
        DigestKind? digest = DigestKind.Find(signer.DigestAlgorithm.Algorithm);
        var result = new SignerResult
        {
            Identifier = Identifier(signer),
            Validity = SignatureValidity.Invalid,
            Digest = digest?.Name ?? signer.DigestAlgorithm.Algorithm.Id,
            Signature = scheme.Name(null),
        };
        try
        {
            return Judge(signer, scheme, digest, result);
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            return With(result, Verdict.Invalid($"the signed attributes cannot be read: {fault.Message}"));
        }
    }

    private SignerResult Judge(SignerInfo signer, SignatureScheme scheme, DigestKind? digest, SignerResult result)
    {
        if (message.Detached == message.HasContent)
            return With(result, Verdict.Invalid(message.Detached ? "a detached signature carries content" : "the content is not in the message"));
        if (digest is null)
            return With(result, Verdict.Unsupported("the digest is not known"));
        if (scheme.Family == SignatureFamily.Unknown)
            return With(result, Verdict.Unsupported("the signature algorithm is not known"));
        if (SignerAttributes.StandsUnsigned(signer.UnsignedAttrs))
            return With(result, Verdict.Invalid("an attribute that has to be signed stands unsigned"));
        if (scheme.Digest is not null && scheme.Digest != digest)
            return With(result, Verdict.Invalid("content and attributes are digested differently")); // RFC 8933 3
        if (message.Digests.Find(digest) is not byte[] contentDigest)
            return With(result, NotDigested(digest));

        SignerAttributes? attributes = null;
        if (signer.SignedAttrs is not null)
        {
            attributes = new SignerAttributes(signer.SignedAttrs);
            string? problem = attributes.Check(signer, message.ContentType, contentDigest);
            result = result with { SigningTime = attributes.SigningTime, Capabilities = attributes.Capabilities };
            if (problem is not null)
                return With(result, Verdict.Invalid(problem));
        }
        else if (CheckWithoutAttributes() is string problem)
        {
            return With(result, Verdict.Invalid(problem));
        }

        IReadOnlyList<SignedOctets> signed = signer.SignedAttrs is null
            ? [new SignedOctets(contentDigest, null)]
            : SignedOctets.Of(signer.SignedAttrs, digest);
        return TryCertificates(signer, scheme, digest, attributes, signed, result);
    }

    private Verdict NotDigested(DigestKind digest) => message.Detached
        ? new Verdict(SignatureValidity.DigestMissing, $"the content was not digested with {digest.Name}")
        : Verdict.Invalid($"the digest {digest.Name} is not announced");

    private string? CheckWithoutAttributes() =>
        !message.ContentType.Equals(PkcsObjectIdentifiers.Data) ? "signed attributes are missing, and the content is not id-data"
        : message.Digests.Lookalike.IsAttributes ? "the content could be signed attributes of another message"
        : null;

    private SignerResult TryCertificates(
        SignerInfo signer, SignatureScheme scheme, DigestKind digest, SignerAttributes? attributes,
        IReadOnlyList<SignedOctets> signed, SignerResult result)
    {
        result = With(result, new Verdict(SignatureValidity.CertificateMissing, "no certificate of this signer is known or carried"));
        foreach (EncodedCertificate candidate in Candidates(result.Identifier))
        {
            if (Certificate.TryParse(candidate) is not Certificate certificate)
                continue;
            if (++_checks > MostChecks)
                return With(result, Verdict.Invalid("there are too many certificates to try"));
            Verdict verdict = attributes?.CheckCertificate(certificate) is string problem
                ? Verdict.Invalid(problem)
                : Check(certificate.Key, scheme, digest, signed, signer.Signature.GetOctets());
            result = With(result, verdict) with { Certificate = candidate, Signature = scheme.Name(certificate.Key) };
            if (verdict.Validity == SignatureValidity.Valid)
                break;
        }

        return result;
    }

    private static Verdict Check(
        PublicKey key, SignatureScheme scheme, DigestKind digest, IReadOnlyList<SignedOctets> signed, byte[] signature)
    {
        Verdict verdict = SignatureMath.Check(key, scheme, digest, signed[0], signature);
        return verdict.Validity == SignatureValidity.Invalid && signed.Count > 1
            ? SignatureMath.Check(key, scheme, digest, signed[1], signature)
            : verdict;
    }

    private IEnumerable<EncodedCertificate> Candidates(SignerIdentifier identifier) =>
        LookUp(identifier).Concat(message.Certificates.Where(certificate => IsNamed(certificate, identifier))).Distinct();

    private IReadOnlyList<EncodedCertificate> LookUp(SignerIdentifier identifier)
    {
        try
        {
            return lookup(identifier);
        }
        catch (Exception fault)
        {
            throw new HostFaultException(fault);
        }
    }

    private static bool IsNamed(EncodedCertificate carried, SignerIdentifier identifier)
    {
        if (Certificate.TryParse(carried) is not Certificate certificate)
            return false;
        return identifier.SubjectKeyIdentifier.IsEmpty
            ? certificate.IsNamed(identifier.Issuer.Span, identifier.SerialNumber.Span)
            : identifier.SubjectKeyIdentifier.Span.SequenceEqual(certificate.SubjectKeyIdentifier);
    }

    private static SignerIdentifier Identifier(SignerInfo signer)
    {
        Asn1Encodable identifier = signer.SignerID.ID;
        if (identifier is Asn1OctetString keyIdentifier)
            return new SignerIdentifier(default, default, keyIdentifier.GetOctets());
        IssuerAndSerialNumber name = IssuerAndSerialNumber.GetInstance(identifier);
        return new SignerIdentifier(name.Issuer.Der(), name.SerialNumber.Value.ToByteArray(), default);
    }

    private static SignerResult With(SignerResult result, Verdict verdict) =>
        result with { Validity = verdict.Validity, Reason = verdict.Reason };
}

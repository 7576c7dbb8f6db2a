using System.Globalization;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>The mathematics of one signature with one certificate.</summary>
/// <param name="signer">The SignerInfo.</param>
/// <param name="certificate">The certificate.</param>
/// <param name="family">The signature algorithm's family.</param>
internal sealed class SignatureMath(SignerValue signer, Certificate certificate, string family)
{
    private readonly string _digest = signer.Digest.DigestName();

    /// <summary>Checks.</summary>
    /// <param name="contentDigest">The digest of the content.</param>
    /// <param name="reason">What is wrong; null where nothing is.</param>
    public SignatureValidity Check(byte[] contentDigest, out string? reason)
    {
        reason = null;
        if (!Fits())
        {
            reason = "the key is not of the signature algorithm's kind";
            return SignatureValidity.Invalid;
        }
        try
        {
            _ = certificate.Key;
        }
        catch (OpenSslException e)
        {
            reason = $"libcrypto does not take the signer's key: {e.Message}";
            return SignatureValidity.Unsupported;
        }
        if (Oids.IsPure(family) && signer.SignedAttributes is null)
        {
            reason = "Ed25519 or ML-DSA without signed attributes needs the whole content at once";
            return SignatureValidity.Unsupported;
        }
        if (signer.SignedAttributes is not { } attributes)
            return Verdict(Verify(null, contentDigest), ref reason);
        // Values as they stand come first: some signers sign attributes that are not quite DER (RFC 5652 5.4).
        byte[] sorted = DerForm.Sorted(attributes);
        if (Verify(sorted, EvpDigest.Compute(_digest, sorted)))
            return SignatureValidity.Valid;
        byte[] whole = DerForm.Whole(attributes);
        return Verdict(!whole.AsSpan().SequenceEqual(sorted) && Verify(whole, EvpDigest.Compute(_digest, whole)), ref reason);
    }

    private static SignatureValidity Verdict(bool holds, ref string? reason)
    {
        if (holds)
            return SignatureValidity.Valid;
        reason = "the signature does not hold";
        return SignatureValidity.Invalid;
    }

    private bool Fits() => family switch
    {
        Oids.Rsa => certificate.Algorithm == Oids.Rsa,
        Oids.RsaPss => certificate.Algorithm is Oids.Rsa or Oids.RsaPss,
        _ => certificate.Algorithm == family,
    };

    private bool Verify(byte[]? octets, byte[] digest)
    {
        EvpKey key = certificate.Key;
        if (Oids.IsPure(family))
            return key.VerifyPure(octets, signer.Octets);
        switch (family)
        {
            case Oids.Rsa:
                return key.Verify(digest, signer.Octets, ("rsa_padding_mode", "pkcs1"), ("digest", _digest));
            case Oids.RsaPss:
                PssParameters pss = PssParameters.Read(signer.Signature.Parameters);
                // The key's parameters bind (RFC 4056 3): digests as said, salt at least as long.
                if (pss.Digest != _digest || (certificate.Pss is { } bound && (bound.Digest != pss.Digest || bound.MaskDigest != pss.MaskDigest || pss.SaltLength < bound.SaltLength)))
                    return false;
                return key.Verify(
                    digest,
                    signer.Octets,
                    ("rsa_padding_mode", "pss"),
                    ("digest", _digest),
                    ("rsa_mgf1_md", pss.MaskDigest),
                    ("rsa_pss_saltlen", pss.SaltLength.ToString(CultureInfo.InvariantCulture)));
            default:
                return key.Verify(digest, signer.Octets, ("digest", _digest));
        }
    }
}

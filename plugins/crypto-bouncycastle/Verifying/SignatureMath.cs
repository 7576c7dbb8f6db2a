using Cstp.CryptoBouncyCastle.Algorithms;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>Checks signature values with public keys.</summary>
internal static class SignatureMath
{
    /// <summary>Checks one signature with one key.</summary>
    public static Verdict Check(PublicKey key, SignatureScheme scheme, DigestKind digest, SignedOctets signed, byte[] signature)
    {
        if (key.Problem is string problem)
            return Verdict.Unsupported($"the certificate's key is not used: {problem}");
        try
        {
            return (scheme.Family, key.Kind) switch
            {
                (SignatureFamily.RsaPkcs1, PublicKeyKind.Rsa) => From(IsPkcs1(key, digest, signed.Hash, signature)),
                (SignatureFamily.RsaPss, PublicKeyKind.Rsa or PublicKeyKind.RsaPss) => CheckPss(key, scheme.Pss!, signed.Hash, signature),
                (SignatureFamily.Ecdsa, PublicKeyKind.Ec) => From(IsDsa(new ECDsaSigner(), key, signed.Hash, signature)),
                (SignatureFamily.Dsa, PublicKeyKind.Dsa) => From(IsDsa(new DsaSigner(), key, signed.Hash, signature)),
                (SignatureFamily.Ed25519, PublicKeyKind.Ed25519) => CheckPure(new Ed25519Signer(), key, signed, signature), // refuses S ≥ L (RFC 8032 5.1.7)
                (SignatureFamily.MlDsa, PublicKeyKind.MlDsa) when scheme.Lattice == key.Lattice =>
                    CheckPure(new MLDsaSigner(((MLDsaPublicKeyParameters)key.Parameters!).Parameters, deterministic: false), key, signed, signature),
                _ => Verdict.Invalid("the signature algorithm is not one of the certificate's key"),
            };
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            return Verdict.Invalid($"the signature cannot be read: {fault.Message}");
        }
    }

    private static Verdict From(bool holds) => holds ? Verdict.Valid : Verdict.Invalid("the signature is not one of this key over this content");

    // The expected block is built and compared whole (RFC 8017 8.2.2): nothing of it is parsed, so nothing can hide in it.
    private static bool IsPkcs1(PublicKey key, DigestKind digest, byte[] hash, byte[] signature)
    {
        var rsa = (RsaPublicKey)key.Parameters!;
        if (signature.Length != rsa.Octets || rsa.Raise(new BigInteger(1, signature)) is not BigInteger block)
            return false;
        // Absent parameters count as NULL (RFC 5754 2).
        return block.Equals(Pkcs1Block(new DigestInfo(digest.WrittenForRsa, hash), rsa.Octets))
            || block.Equals(Pkcs1Block(new DigestInfo(digest.Written, hash), rsa.Octets));
    }

    private static BigInteger Pkcs1Block(DigestInfo info, int octets)
    {
        byte[] encoded = info.Der();
        byte[] block = new byte[octets];
        if (octets < encoded.Length + 11)
            throw new DataLengthException("the RSA key is too short for its digest");
        block.AsSpan(1, octets - encoded.Length - 2).Fill(0xFF);
        block[1] = 1;
        encoded.CopyTo(block, octets - encoded.Length);
        return new BigInteger(1, block);
    }

    private static Verdict CheckPss(PublicKey key, PssParameters pss, byte[] hash, byte[] signature) => pss.FitKey(key.Pss)
        ? From(PssEncoding.Holds((RsaPublicKey)key.Parameters!, pss, hash, signature))
        : Verdict.Invalid("the PSS parameters are not those of the certificate's key");

    // The encoding is read as DER, and both numbers have to be in range.
    private static bool IsDsa(IDsa signer, PublicKey key, byte[] hash, byte[] signature)
    {
        signer.Init(false, key.Parameters);
        BigInteger order = signer switch
        {
            ECDsaSigner ec => ec.Order,
            _ => ((DsaSigner)signer).Order,
        };
        BigInteger[] numbers = StandardDsaEncoding.Instance.Decode(order, signature);
        return numbers[0].SignValue > 0 && numbers[1].SignValue > 0 && signer.VerifySignature(hash, numbers[0], numbers[1]);
    }

    // What signs octets rather than their digest.
    private static Verdict CheckPure(ISigner signer, PublicKey key, SignedOctets signed, byte[] signature)
    {
        if (signed.Attributes is null)
            return Verdict.Unsupported($"{signer.AlgorithmName} without signed attributes signs the content itself, which is not held");
        signer.Init(false, key.Parameters);
        signer.BlockUpdate(signed.Attributes);
        return From(signer.VerifySignature(signature));
    }
}

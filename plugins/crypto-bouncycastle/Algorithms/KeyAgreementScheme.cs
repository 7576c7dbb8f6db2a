using System.Buffers.Binary;
using Cstp.CryptoBouncyCastle.Ber;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.CryptoBouncyCastle.Algorithms;

/// <summary>A key agreement algorithm of one pass: its key derivation function and its digest.</summary>
/// <remarks>On the curves that are read the cofactor is 1, so that cofactor and standard DH are the same (RFC 5753 7.1.4).</remarks>
internal sealed record KeyAgreementScheme(DerObjectIdentifier Identifier, DigestKind Digest, bool Hkdf)
{
    private static readonly KeyAgreementScheme[] s_all =
    [
        new(X9ObjectIdentifiers.DHSinglePassStdDHSha1KdfScheme, DigestKind.Sha1, false),
        new(SecObjectIdentifiers.dhSinglePass_stdDH_sha224kdf_scheme, DigestKind.Sha224, false),
        new(SecObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme, DigestKind.Sha256, false),
        new(SecObjectIdentifiers.dhSinglePass_stdDH_sha384kdf_scheme, DigestKind.Sha384, false),
        new(SecObjectIdentifiers.dhSinglePass_stdDH_sha512kdf_scheme, DigestKind.Sha512, false),
        new(X9ObjectIdentifiers.DHSinglePassCofactorDHSha1KdfScheme, DigestKind.Sha1, false),
        new(SecObjectIdentifiers.dhSinglePass_cofactorDH_sha224kdf_scheme, DigestKind.Sha224, false),
        new(SecObjectIdentifiers.dhSinglePass_cofactorDH_sha256kdf_scheme, DigestKind.Sha256, false),
        new(SecObjectIdentifiers.dhSinglePass_cofactorDH_sha384kdf_scheme, DigestKind.Sha384, false),
        new(SecObjectIdentifiers.dhSinglePass_cofactorDH_sha512kdf_scheme, DigestKind.Sha512, false),
        new(PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha256_scheme, DigestKind.Sha256, true),
        new(PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha384_scheme, DigestKind.Sha384, true),
        new(PkcsObjectIdentifiers.dhSinglePass_stdDH_hkdf_sha512_scheme, DigestKind.Sha512, true),
    ];

    /// <summary>What is written for X25519 (RFC 8418 2.2).</summary>
    public static KeyAgreementScheme X25519 { get; } = Array.Find(s_all, scheme => scheme.Hkdf && scheme.Digest == DigestKind.Sha256)!;

    /// <summary>What is written for a NIST curve of the digest's strength (RFC 5753 7.1.4).</summary>
    public static KeyAgreementScheme ForCurve(DigestKind digest) => Array.Find(s_all, scheme => !scheme.Hkdf && scheme.Digest == digest)!;

    public static KeyAgreementScheme? Find(DerObjectIdentifier identifier) =>
        Array.Find(s_all, scheme => scheme.Identifier.Equals(identifier));

    /// <summary>Derives the key that wraps the content key.</summary>
    /// <param name="secret">The shared secret.</param>
    /// <param name="wrap">The key wrap algorithm, as it is in the message: its encoding is an input (RFC 5753 7.2).</param>
    /// <param name="keyOctets">Octets of the wrapping key.</param>
    /// <param name="userKeyingMaterial">The ukm field, or null; with HKDF it is the salt, too (RFC 8418 2.2).</param>
    public byte[] DeriveWrappingKey(byte[] secret, AlgorithmIdentifier wrap, int keyOctets, byte[]? userKeyingMaterial)
    {
        byte[] info = SharedInfo(wrap, keyOctets, userKeyingMaterial);
        byte[] key = new byte[keyOctets];
        if (Hkdf)
        {
            var hkdf = new HkdfBytesGenerator(Digest.Create());
            hkdf.Init(new HkdfParameters(secret, userKeyingMaterial, info));
            hkdf.GenerateBytes(key, 0, keyOctets);
        }
        else
        {
            // KDF2 of IEEE 1363 and the function of X9.63 are the same.
            var kdf = new Kdf2BytesGenerator(Digest.Create());
            kdf.Init(new KdfParameters(secret, info));
            kdf.GenerateBytes(key, 0, keyOctets);
        }

        return key;
    }

    // ECC-CMS-SharedInfo (RFC 5753 7.2).
    private static byte[] SharedInfo(AlgorithmIdentifier wrap, int keyOctets, byte[]? userKeyingMaterial)
    {
        byte[] bits = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bits, keyOctets * 8);
        var fields = new Asn1EncodableVector(wrap);
        if (userKeyingMaterial is not null)
            fields.Add(new DerTaggedObject(true, 0, new DerOctetString(userKeyingMaterial)));
        fields.Add(new DerTaggedObject(true, 2, new DerOctetString(bits)));
        return new DerSequence(fields).Der();
    }
}

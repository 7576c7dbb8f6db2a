using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.EdEC;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;

namespace Cstp.Core.Trust;

/// <summary>Makes keys with self-signed certificates.</summary>
internal static class KeyGeneration
{
    /// <summary>How long a certificate of ours is valid.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromDays(3 * 365);

    /// <summary>Makes a key, or the pair of keys that this kind needs.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="address">The address in the certificate.</param>
    /// <param name="owner">The local user, or null for the gateway.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<OwnKey> Create(KeyKind kind, Mailbox address, Mailbox? owner, DateTimeOffset now)
    {
        byte[] key = kind switch
        {
            KeyKind.P256 => CreateEc(ECCurve.NamedCurves.nistP256),
            KeyKind.P384 => CreateEc(ECCurve.NamedCurves.nistP384),
            KeyKind.Rsa2048 => CreateRsa(2048),
            KeyKind.Rsa3072 => CreateRsa(3072),
            KeyKind.Rsa4096 => CreateRsa(4096),
            KeyKind.Ed25519 => CreateRaw(EdECObjectIdentifiers.id_Ed25519),
            KeyKind.MlDsa65 => CreateSeed(NistObjectIdentifiers.id_ml_dsa_65, 32),
            KeyKind.MlDsa87 => CreateSeed(NistObjectIdentifiers.id_ml_dsa_87, 32),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of key"),
        };
        AsymmetricKeyParameter signer = PrivateKeyFactory.CreateKey(key);
        int encryption = kind is KeyKind.P256 or KeyKind.P384 ? KeyUsage.KeyAgreement : KeyUsage.KeyEncipherment;
        (byte[]? reader, int usage) = kind switch
        {
            KeyKind.Ed25519 => (CreateRaw(EdECObjectIdentifiers.id_X25519), KeyUsage.KeyAgreement),
            KeyKind.MlDsa65 => (CreateSeed(NistObjectIdentifiers.id_alg_ml_kem_768, 64), KeyUsage.KeyEncipherment),
            KeyKind.MlDsa87 => (CreateSeed(NistObjectIdentifiers.id_alg_ml_kem_1024, 64), KeyUsage.KeyEncipherment),
            _ => (null, 0),
        };
        return reader is null
            ? [Certified(key, KeyUsage.DigitalSignature | encryption, signs: true, decrypts: true)]
            : [Certified(key, KeyUsage.DigitalSignature, signs: true, decrypts: false), Certified(reader, usage, signs: false, decrypts: true)];

        OwnKey Certified(byte[] pkcs8, int usage, bool signs, bool decrypts)
        {
            EncodedCertificate certificate = CertificateIssue.Issue(PrivateKeys.PublicKeyOf(pkcs8), address, usage, signer, now, now + Validity);
            return new(new(certificate, new Pkcs8PrivateKey(pkcs8)), owner, signs, decrypts, now);
        }
    }

    private static byte[] CreateEc(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return key.ExportPkcs8PrivateKey();
    }

    private static byte[] CreateRsa(int bits)
    {
        using var key = RSA.Create(bits);
        return key.ExportPkcs8PrivateKey();
    }

    /// <summary>Any octets of the right number are a seed (FIPS 204 6.1, FIPS 203 7.1), and the seed alone is the form to keep (RFC 9881 6, RFC 9935 6).</summary>
    private static byte[] CreateSeed(DerObjectIdentifier algorithm, int octets) => new PrivateKeyInfo(
        new AlgorithmIdentifier(algorithm), new DerTaggedObject(false, 0, new DerOctetString(RandomNumberGenerator.GetBytes(octets)))).GetEncoded(Asn1Encodable.Der);

    /// <summary>Any 32 octets are a private key of Ed25519 and X25519 (RFC 8032 5.1.5, RFC 7748 5).</summary>
    private static byte[] CreateRaw(DerObjectIdentifier algorithm) =>
        new PrivateKeyInfo(new AlgorithmIdentifier(algorithm), new DerOctetString(RandomNumberGenerator.GetBytes(32))).GetEncoded(Asn1Encodable.Der);
}

using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.X509;
using Org.BouncyCastle.X509.Extension;

namespace Cstp.Core.Trust;

/// <summary>Writes certificates and requests for our own keys.</summary>
internal static class CertificateIssue
{
    /// <summary>Issues a certificate for an address, under the issuer's key but in the subject's own name.</summary>
    /// <param name="publicKey">The key to certify.</param>
    /// <param name="address">The address: common name and subjectAltName.</param>
    /// <param name="usage">Bits of keyUsage.</param>
    /// <param name="issuer">The private key that signs the certificate.</param>
    /// <param name="from">Start of validity.</param>
    /// <param name="until">End of validity.</param>
    public static EncodedCertificate Issue(
        SubjectPublicKeyInfo publicKey, Mailbox address, int usage, AsymmetricKeyParameter issuer, DateTimeOffset from, DateTimeOffset until)
    {
        var generator = new X509V3CertificateGenerator();
        X509Name name = NameOf(address);
        generator.SetSerialNumber(new BigInteger(1, RandomNumberGenerator.GetBytes(16)));
        generator.SetIssuerDN(name);
        generator.SetSubjectDN(name);
        generator.SetNotBefore(from.UtcDateTime.AddMinutes(-5));   // A peer's clock may be a little behind.
        generator.SetNotAfter(until.UtcDateTime);
        generator.SetSubjectPublicKeyInfo(publicKey);
        generator.AddExtension(X509Extensions.BasicConstraints, true, new BasicConstraints(false));
        generator.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(usage));
        generator.AddExtension(X509Extensions.ExtendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeID.id_kp_emailProtection));
        generator.AddExtension(X509Extensions.SubjectAlternativeName, false, AlternativeName(address));
        generator.AddExtension(X509Extensions.SubjectKeyIdentifier, false, X509ExtensionUtilities.CreateSubjectKeyIdentifier(publicKey));
        return new(generator.Generate(SignatureFactory(issuer)).GetEncoded());
    }

    /// <summary>Writes a PKCS#10 request for a key (RFC 2986), with the address as subjectAltName.</summary>
    /// <param name="pkcs8">The private key.</param>
    /// <param name="address">The address.</param>
    /// <returns>DER octets.</returns>
    /// <exception cref="FormatException">The key cannot sign.</exception>
    public static byte[] Request(ReadOnlySpan<byte> pkcs8, Mailbox address)
    {
        AsymmetricKeyParameter key = PrivateKeys.Read(pkcs8);
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.SubjectAlternativeName, false, AlternativeName(address));
        var attribute = new DerSequence(
            Org.BouncyCastle.Asn1.Pkcs.PkcsObjectIdentifiers.Pkcs9AtExtensionRequest, new DerSet(extensions.Generate()));
        return new Pkcs10CertificationRequest(SignatureFactory(key), NameOf(address), PrivateKeys.PublicKeyOf(pkcs8), new DerSet(attribute)).GetEncoded();
    }

    private static X509Name NameOf(Mailbox address)
    {
        // A common name has at most 64 characters (RFC 5280 A.1).
        string name = address.ToString();
        return new X509Name([X509Name.CN], [name.Length <= 64 ? name : address.Domain.Length <= 64 ? address.Domain : "CSTP"]);
    }

    private static GeneralNames AlternativeName(Mailbox address) => new(CertificateAddresses.NameOf(address));

    private static Asn1SignatureFactory SignatureFactory(AsymmetricKeyParameter key) => new(PrivateKeys.SignatureAlgorithmOf(key), key);
}

using System.Runtime.CompilerServices;
using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Keys;

/// <summary>A certificate, parsed as far as CMS needs it: names, identifiers and key.</summary>
internal sealed class Certificate
{
    // Parsing costs more than a signature check on a curve; the entry goes when the certificate does.
    private static readonly ConditionalWeakTable<EncodedCertificate, Certificate> s_parsed = [];

    private Certificate(EncodedCertificate encoded)
    {
        Encoded = encoded;
        Structure = X509CertificateStructure.GetInstance(encoded.Der.ToArray());
        Issuer = Structure.Issuer.GetEncoded(Asn1Encodable.Der);
        SerialNumber = Structure.SerialNumber.Value.ToByteArray();
        SubjectPublicKeyInfo info = Structure.SubjectPublicKeyInfo;
        SubjectKeyIdentifier = ReadKeyIdentifier(Structure) ?? DigestKind.Sha1.Compute(info.PublicKey.GetBytes());
        Key = PublicKey.Read(info);
    }

    public EncodedCertificate Encoded { get; }

    public X509CertificateStructure Structure { get; }

    /// <summary>DER octets of the issuer's Name.</summary>
    public byte[] Issuer { get; }

    /// <summary>Content octets of the serial number.</summary>
    public byte[] SerialNumber { get; }

    /// <summary>The extension's value; where there is none, SHA-1 of the key (RFC 5280 4.2.1.2).</summary>
    public byte[] SubjectKeyIdentifier { get; }

    public PublicKey Key { get; }

    /// <summary>Names it in messages for the administrator.</summary>
    public string Display => $"certificate {Encoded.Fingerprint[..16]} ({Structure.Subject})";

    /// <summary>Parses a certificate that a message carries or a look-up found; null where it cannot be.</summary>
    public static Certificate? TryParse(EncodedCertificate encoded)
    {
        try
        {
            return s_parsed.GetValue(encoded, static key => new Certificate(key));
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            return null;
        }
    }

    /// <summary>Parses a certificate that the host gave to be used.</summary>
    /// <exception cref="CmsKeyException">It cannot be parsed.</exception>
    public static Certificate Parse(EncodedCertificate encoded)
    {
        try
        {
            return s_parsed.GetValue(encoded, static key => new Certificate(key));
        }
        catch (Exception fault) when (LibraryFault.IsInput(fault))
        {
            throw new CmsKeyException($"certificate {encoded.Fingerprint[..16]} cannot be parsed: {fault.Message}. Import it again, or remove it.", fault);
        }
    }

    /// <summary>Whether an issuer and serial number name this certificate.</summary>
    public bool IsNamed(ReadOnlySpan<byte> issuer, ReadOnlySpan<byte> serialNumber) =>
        serialNumber.SequenceEqual(SerialNumber) && (issuer.SequenceEqual(Issuer) || IsEquivalentIssuer(issuer));

    // Some writers change the string type of a name that they copy; to another that names have (RFC 5280 4.1.2.4).
    private bool IsEquivalentIssuer(ReadOnlySpan<byte> issuer)
    {
        X509Name name = X509Name.GetInstance(issuer.ToArray());
        return IsOfUsualStrings(name) && name.Equivalent(Structure.Issuer, true);
    }

    private static bool IsOfUsualStrings(X509Name name) => Asn1Sequence.GetInstance(name.ToAsn1Object())
        .SelectMany(set => Asn1Set.GetInstance(set))
        .All(pair => Asn1Sequence.GetInstance(pair)[1].ToAsn1Object()
            is DerUtf8String or DerPrintableString or DerT61String or DerBmpString or DerIA5String);

    private static byte[]? ReadKeyIdentifier(X509CertificateStructure structure)
    {
        X509Extension? extension = structure.Extensions?.GetExtension(X509Extensions.SubjectKeyIdentifier);
        return extension is null ? null : Asn1OctetString.GetInstance(extension.GetParsedValue()).GetOctets();
    }
}

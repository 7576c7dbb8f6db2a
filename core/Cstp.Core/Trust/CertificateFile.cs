using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Core.Trust;

/// <summary>Certificates in files: PEM (RFC 7468), DER, or certificates-only PKCS#7 (RFC 8551 3.7) in either.</summary>
internal static class CertificateFile
{
    private const int MaxCertificates = 1_000;

    /// <summary>Reads all certificates of a file.</summary>
    /// <param name="content">The file's octets.</param>
    /// <exception cref="FormatException">There is none, or one is broken.</exception>
    public static IReadOnlyList<EncodedCertificate> Read(ReadOnlySpan<byte> content)
    {
        List<EncodedCertificate> found = IsPem(content) ? ReadPem(System.Text.Encoding.Latin1.GetString(content)) : ReadDer(content.ToArray());
        if (found.Count is 0 or > MaxCertificates)
            throw new FormatException(found.Count == 0 ? "no certificate in it (PEM, DER and PKCS#7 are read)" : $"more than {MaxCertificates} certificates in it");
        return [.. found.DistinctBy(certificate => certificate.Fingerprint)];
    }

    /// <summary>Writes certificates as PEM.</summary>
    /// <param name="certificates">The certificates.</param>
    public static string WritePem(IEnumerable<EncodedCertificate> certificates) =>
        string.Concat(certificates.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate.Der.Span) + "\n"));

    /// <summary>Whether a file is PEM rather than DER.</summary>
    /// <param name="content">Its octets.</param>
    public static bool IsPem(ReadOnlySpan<byte> content) => content.IndexOf("-----BEGIN "u8) >= 0;

    private static List<EncodedCertificate> ReadPem(string text)
    {
        var found = new List<EncodedCertificate>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            ReadOnlySpan<char> label = rest[fields.Label];
            if (label is "CERTIFICATE" or "X509 CERTIFICATE" or "TRUSTED CERTIFICATE" or "PKCS7" or "CMS")
                found.AddRange(ReadDer(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            rest = rest[fields.Location.End..];
        }
        return found;
    }

    private static List<EncodedCertificate> ReadDer(byte[] der)
    {
        try
        {
            Asn1Sequence outer = Asn1Sequence.GetInstance(Asn1Object.FromByteArray(der));
            // A ContentInfo begins with its type, a Certificate with a sequence.
            if (outer.Count > 0 && outer[0] is DerObjectIdentifier type)
            {
                if (!type.Equals(CmsObjectIdentifiers.SignedData))
                    throw new FormatException($"this is CMS of type {type.Id}, not certificates");
                Asn1Set? carried = SignedData.GetInstance(ContentInfo.GetInstance(outer).Content).Certificates;
                return [.. (carried ?? DerSet.Empty).Where(item => item.ToAsn1Object() is Asn1Sequence)
                    .Select(item => new EncodedCertificate(X509CertificateStructure.GetInstance(item).GetEncoded(Asn1Encodable.Der)))];
            }
            X509CertificateStructure.GetInstance(outer);
            return [new EncodedCertificate(der)];
        }
        catch (Exception broken) when (broken is ArgumentException or IOException or InvalidOperationException or InvalidCastException)
        {
            throw new FormatException($"no certificate in it, or a broken one ({broken.Message})", broken);
        }
    }
}

using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>Certificate revocation lists in files: PEM (RFC 7468 7), any number of them, or one in DER.</summary>
internal static class CrlFile
{
    private const int MaxCrls = 1_000;

    /// <summary>Reads all CRLs of a file; nothing of them is verified.</summary>
    /// <param name="content">The file's octets.</param>
    /// <exception cref="FormatException">There is none, or one is broken.</exception>
    public static IReadOnlyList<X509Crl> Read(ReadOnlySpan<byte> content)
    {
        List<X509Crl> found = CertificateFile.IsPem(content) ? ReadPem(System.Text.Encoding.Latin1.GetString(content)) : [ReadDer(content.ToArray())];
        return found.Count is 0 or > MaxCrls
            ? throw new FormatException(found.Count == 0 ? "no CRL in it (PEM and DER are read)" : $"more than {MaxCrls} CRLs in it")
            : found;
    }

    private static List<X509Crl> ReadPem(string text)
    {
        var found = new List<X509Crl>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label] is "X509 CRL" or "CRL")
                found.Add(ReadDer(Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            rest = rest[fields.Location.End..];
        }
        return found;
    }

    private static X509Crl ReadDer(byte[] der)
    {
        try
        {
            return new X509Crl(CertificateList.GetInstance(Asn1Object.FromByteArray(der)));
        }
        catch (Exception broken) when (CertificationPathValidation.IsBrokenInput(broken))
        {
            throw new FormatException($"no CRL in it, or a broken one ({broken.Message})", broken);
        }
    }
}

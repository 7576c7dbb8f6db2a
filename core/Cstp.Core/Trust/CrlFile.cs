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

    /// <summary>Why a list is none of an authority's that holds now, or null where it is.</summary>
    /// <param name="list">The list.</param>
    /// <param name="authority">The authority's certificate.</param>
    /// <param name="now">The time.</param>
    public static string? WhyUnusable(X509Crl list, X509Certificate authority, DateTimeOffset now)
    {
        if (!list.IssuerDN.Equivalent(authority.SubjectDN, true))
            return "is of another authority";
        try
        {
            list.Verify(authority.GetPublicKey());
        }
        catch (Exception foreign) when (CertificationPathValidation.IsBrokenInput(foreign))
        {
            return "is not signed by the authority";
        }
        return list.NextUpdate is { } next && next >= now.UtcDateTime ? null : "has run out, or does not say until when it holds";
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

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CryptoSample.Ber;
using Cstp.Abstractions;

namespace CryptoSample.Keys;

/// <summary>What CMS asks of a certificate: how it is named, and its key.</summary>
internal sealed class Certificate
{
    private readonly string _algorithm;
    private readonly ReadOnlyMemory<byte> _parameters;
    private readonly byte[] _keyInfo;

    private Certificate(EncodedCertificate encoded)
    {
        Encoded = encoded;
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(encoded.Der.Span);
        Issuer = parsed.IssuerName.RawData;
        Serial = parsed.SerialNumberBytes.ToArray();
        KeyIdentifier = parsed.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes.ToArray() ?? [];
        _keyInfo = parsed.PublicKey.ExportSubjectPublicKeyInfo();
        (_algorithm, _parameters) = Der.ReadAlgorithm(new AsnReader(_keyInfo, AsnEncodingRules.DER).ReadSequence());
    }

    public EncodedCertificate Encoded { get; }

    /// <summary>DER of the issuer's Name.</summary>
    public byte[] Issuer { get; }

    /// <summary>Content octets of the serial's INTEGER.</summary>
    public byte[] Serial { get; }

    public byte[] KeyIdentifier { get; }

    public bool IsRsa => _algorithm == Oids.Rsa;

    public bool IsP256 => _algorithm == Oids.Ec && !_parameters.IsEmpty && _parameters.Span.SequenceEqual(Der.Write(writer => writer.WriteObjectIdentifier(Oids.P256)));

    /// <summary>Reads one.</summary>
    /// <param name="encoded">DER.</param>
    /// <returns>Null where it is none.</returns>
    public static Certificate? TryRead(EncodedCertificate encoded)
    {
        try
        {
            return new Certificate(encoded);
        }
        catch (Exception broken) when (broken is CryptographicException or AsnContentException)
        {
            return null;
        }
    }

    /// <summary>Reads one that the host gave.</summary>
    /// <param name="encoded">DER.</param>
    /// <exception cref="CmsKeyException">It is none.</exception>
    public static Certificate Read(EncodedCertificate encoded) =>
        TryRead(encoded) ?? throw new CmsKeyException($"the certificate {encoded.Fingerprint} cannot be read; give another");

    /// <summary>Whether an identifier names it (RFC 5652 5.3, 6.2).</summary>
    /// <param name="identifier">The identifier.</param>
    public bool IsNamedBy(SignerIdentifier identifier) => identifier.SubjectKeyIdentifier.IsEmpty
        ? identifier.Issuer.Span.SequenceEqual(Issuer) && identifier.SerialNumber.Span.SequenceEqual(Serial)
        : KeyIdentifier.Length > 0 && identifier.SubjectKeyIdentifier.Span.SequenceEqual(KeyIdentifier);

    /// <summary>The RSA key, of a size and exponent that may be computed with.</summary>
    /// <returns>Null where it is out of range.</returns>
    public RSA? OpenRsa()
    {
        if (TryOpen(RSA.Create()) is not { } rsa)
            return null;
        byte[] exponent = rsa.ExportParameters(includePrivateParameters: false).Exponent!;
        if (rsa.KeySize is >= 1024 and <= 16384 && exponent.Length <= 8 && (exponent[^1] & 1) == 1 && exponent is not [1])
            return rsa;
        rsa.Dispose();
        return null;
    }

    /// <summary>The P-256 key, to verify with.</summary>
    /// <returns>Null where its point is not on the curve.</returns>
    public ECDsa? OpenEcdsa() => TryOpen(ECDsa.Create());

    /// <summary>The P-256 key, to agree with.</summary>
    /// <returns>Null where its point is not on the curve.</returns>
    public ECDiffieHellman? OpenEcdh() => TryOpen(ECDiffieHellman.Create());

    /// <summary>Writes issuerAndSerialNumber (RFC 5652 10.2.4).</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="issuer">How the issuer is written; null for a plain Name.</param>
    /// <param name="tag">An implicit tag, or null.</param>
    public void WriteName(AsnWriter writer, Action<AsnWriter>? issuer = null, Asn1Tag? tag = null)
    {
        using (writer.PushSequence(tag))
        {
            if (issuer is null)
                writer.WriteEncodedValue(Issuer);
            else
                issuer(writer);
            writer.WriteInteger(Serial);
        }
    }

    private T? TryOpen<T>(T key)
        where T : AsymmetricAlgorithm
    {
        try
        {
            key.ImportSubjectPublicKeyInfo(_keyInfo, out _);
            return key;
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }
}

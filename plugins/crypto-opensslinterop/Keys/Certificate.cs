using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>What of a certificate CMS needs: its names, and its key.</summary>
internal sealed class Certificate
{
    private const int MinRsaBits = 1024;
    private const int MaxRsaBits = 16384;

    /// <summary>Enough for a community; reading a key goes through libcrypto's decoders, which showed in profiles.</summary>
    private const int MaxRemembered = 1024;

    private static readonly ConcurrentDictionary<EncodedCertificate, Certificate> s_read = new();

    private readonly Lazy<EvpKey> _key;

    private Certificate(EncodedCertificate encoded)
    {
        Encoded = encoded;
        var outer = new AsnReader(encoded.Der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        AsnReader body = certificate.ReadSequence();
        var version = new Asn1Tag(TagClass.ContextSpecific, 0);
        if (body.PeekTag().HasSameClassAndValue(version))
            body.ReadEncodedValue();
        SerialNumber = body.ReadIntegerBytes();
        body.ReadEncodedValue();                                     // signature
        Issuer = body.ReadEncodedValue();
        body.ReadEncodedValue();                                     // validity
        body.ReadEncodedValue();                                     // subject
        PublicKeyInfo = body.ReadEncodedValue();

        AsnReader info = new AsnReader(PublicKeyInfo, AsnEncodingRules.DER).ReadSequence();
        AlgorithmValue algorithm = AlgorithmValue.Read(info);
        Algorithm = algorithm.Oid;
        PublicKeyOctets = info.ReadBitString(out _);
        SubjectKeyIdentifier = ReadKeyIdentifier(body) ?? SHA1.HashData(PublicKeyOctets.Span);
        switch (Algorithm)
        {
            case Oids.Ec:
                Curve = new AsnReader(algorithm.Parameters, AsnEncodingRules.DER) is { HasData: true } parameters && parameters.PeekTag() == Asn1Tag.ObjectIdentifier
                    ? EcCurve.Find(parameters.ReadObjectIdentifier())
                    : null;
                Fault = Curve is null ? "its curve is not one of P-256, P-384 and P-521 by name" : null;
                break;
            case Oids.RsaPss:
                Pss = algorithm.Parameters.IsEmpty ? null : PssParameters.Read(algorithm.Parameters);
                Fault = RsaFault();
                break;
            case Oids.Rsa:
                Fault = RsaFault();
                break;
            default:
                Lattice = LatticeAlgorithm.Find(Algorithm);
                Fault = Lattice is null || algorithm.Parameters.IsEmpty ? Lattice?.Fault : $"its {Lattice.Name} key has parameters (RFC 9881 2, RFC 9935 3)";
                break;
        }
        // A failure is not remembered: want of memory passes.
        _key = new Lazy<EvpKey>(() => EvpKey.ReadPublic(PublicKeyInfo.Span), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The certificate as it came.</summary>
    public EncodedCertificate Encoded { get; }

    /// <summary>Content octets of the serial number.</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; }

    /// <summary>The issuer's Name.</summary>
    public ReadOnlyMemory<byte> Issuer { get; }

    /// <summary>The extension's value; where there is none, SHA-1 of the key (RFC 5280 4.2.1.2).</summary>
    public ReadOnlyMemory<byte> SubjectKeyIdentifier { get; }

    /// <summary>The SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> PublicKeyInfo { get; }

    /// <summary>The content of its BIT STRING.</summary>
    public ReadOnlyMemory<byte> PublicKeyOctets { get; }

    /// <summary>The algorithm of the key.</summary>
    public string Algorithm { get; }

    /// <summary>The curve of an EC key.</summary>
    public EcCurve? Curve { get; }

    /// <summary>The parameter set of an ML-DSA or ML-KEM key.</summary>
    public LatticeAlgorithm? Lattice { get; }

    /// <summary>The parameters that bind an RSA-PSS key; null where it has none.</summary>
    public PssParameters? Pss { get; }

    /// <summary>Why the key is never computed with; null where it may be.</summary>
    public string? Fault { get; }

    /// <summary>The key.</summary>
    /// <exception cref="OpenSslException">libcrypto does not take it.</exception>
    public EvpKey Key => _key.Value;

    /// <summary>Reads a certificate; those read of late are remembered.</summary>
    /// <param name="encoded">The certificate.</param>
    /// <exception cref="AsnContentException">It is broken.</exception>
    /// <exception cref="CmsSyntaxException">It is broken.</exception>
    public static Certificate Read(EncodedCertificate encoded)
    {
        if (s_read.TryGetValue(encoded, out Certificate? known))
            return known;
        var certificate = new Certificate(encoded);
        // Strangers' certificates, each with a message of its own, must not fill the memory.
        if (s_read.Count >= MaxRemembered)
            s_read.Clear();
        return s_read.GetOrAdd(encoded, certificate);
    }

    /// <summary>Forgets all that were read: what is remembered is no leak.</summary>
    public static void Forget() => s_read.Clear();

    /// <summary>Reads a certificate that came by mail.</summary>
    /// <param name="encoded">The certificate.</param>
    /// <returns>Null where it is broken.</returns>
    public static Certificate? TryRead(EncodedCertificate encoded)
    {
        try
        {
            return Read(encoded);
        }
        catch (Exception e) when (e is AsnContentException or CmsSyntaxException)
        {
            return null;
        }
    }

    /// <summary>Whether an identifier names this certificate.</summary>
    /// <param name="identifier">The identifier.</param>
    public bool Answers(SignerIdentifier identifier) => identifier.SubjectKeyIdentifier.Length > 0
        ? identifier.SubjectKeyIdentifier.Span.SequenceEqual(SubjectKeyIdentifier.Span)
        : identifier.SerialNumber.Span.SequenceEqual(SerialNumber.Span) && DistinguishedName.Same(identifier.Issuer.Span, Issuer.Span);

    private static byte[]? ReadKeyIdentifier(AsnReader body)
    {
        var extensions = new Asn1Tag(TagClass.ContextSpecific, 3);
        while (body.HasData)
        {
            if (!body.PeekTag().HasSameClassAndValue(extensions))
            {
                body.ReadEncodedValue();
                continue;
            }
            AsnReader list = body.ReadSequence(extensions).ReadSequence();
            while (list.HasData)
            {
                AsnReader extension = list.ReadSequence();
                string oid = extension.ReadObjectIdentifier();
                if (extension.PeekTag() == Asn1Tag.Boolean)
                    extension.ReadBoolean();
                byte[] value = extension.ReadOctetString();
                if (oid == Oids.SubjectKeyIdentifier)
                    return new AsnReader(value, AsnEncodingRules.DER).ReadOctetString();
            }
        }
        return null;
    }

    private string? RsaFault()
    {
        AsnReader key = new AsnReader(PublicKeyOctets, AsnEncodingRules.DER).ReadSequence();
        BigInteger modulus = key.ReadInteger();
        BigInteger exponent = key.ReadInteger();
        long bits = modulus.Sign <= 0 ? 0 : (long)modulus.GetBitLength();
        if (bits is < MinRsaBits or > MaxRsaBits || modulus.IsEven)
            return $"its modulus has {bits} bits; {MinRsaBits} to {MaxRsaBits} are used";
        return exponent <= 1 || exponent.IsEven || exponent.GetBitLength() > 64 ? "its public exponent is even, 1, or over 64 bits" : null;
    }
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>What the signed attributes say (RFC 5652 11, RFC 5035, RFC 6211).</summary>
internal sealed class SignerAttributes
{
    /// <summary>More than anyone writes; the rest is left out.</summary>
    private const int MaxCapabilities = 64;

    /// <summary>Arcs of capabilities that are no content ciphers: signatures, digests, key management, key wraps, preferences.</summary>
    private static readonly string[] s_otherCapabilities =
    [
        "1.2.840.113549.1.1.", "1.2.840.113549.2.", "1.2.840.113549.1.9.16.3.", "1.2.840.113549.1.9.16.11.", "1.2.840.10040.", "1.2.840.10045.",
        "1.3.132.", "1.3.133.", "1.3.101.", "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.", "2.16.840.1.101.3.4.3.",
        "2.16.840.1.101.3.4.1.5", "2.16.840.1.101.3.4.1.25", "2.16.840.1.101.3.4.1.45",
    ];

    private static readonly Asn1Tag s_one = new(TagClass.ContextSpecific, 1);

    private readonly Dictionary<string, List<ReadOnlyMemory<byte>>> _values = [];

    /// <summary>Reads them.</summary>
    /// <param name="element">The element [0] as it came.</param>
    public SignerAttributes(ReadOnlyMemory<byte> element)
    {
        AsnReader attributes = new AsnReader(element, AsnEncodingRules.BER).ReadSetOf(skipSortOrderValidation: true, new Asn1Tag(TagClass.ContextSpecific, 0));
        while (attributes.HasData)
        {
            AsnReader attribute = attributes.ReadSequence();
            string type = attribute.ReadObjectIdentifier();
            AsnReader values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            // An attribute given twice, or with two values, counts as not single.
            List<ReadOnlyMemory<byte>> list = _values.TryGetValue(type, out var known) ? known : _values[type] = [];
            while (values.HasData)
                list.Add(values.ReadEncodedValue());
        }
    }

    /// <summary>The signing time, where there is one that can be read.</summary>
    public DateTimeOffset? SigningTime
    {
        get
        {
            if (Single(Oids.SigningTime) is not { } value)
                return null;
            var reader = new AsnReader(value, AsnEncodingRules.BER);
            return reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime(2049) : reader.ReadGeneralizedTime();
        }
    }

    /// <summary>The content ciphers of SMIMECapabilities, by name or identifier.</summary>
    public IReadOnlyList<string> Capabilities
    {
        get
        {
            if (Single(Oids.SmimeCapabilities) is not { } value)
                return [];
            var names = new List<string>();
            AsnReader list = new AsnReader(value, AsnEncodingRules.BER).ReadSequence();
            while (list.HasData && names.Count < MaxCapabilities)
            {
                string oid = list.ReadSequence().ReadObjectIdentifier();
                if (!Array.Exists(s_otherCapabilities, oid.StartsWith))
                    names.Add(Oids.Cipher(oid)?.Name ?? oid);
            }
            return names;
        }
    }

    /// <summary>Looks for what must be there and is not, or is wrong.</summary>
    /// <param name="contentType">The eContentType.</param>
    /// <param name="contentDigest">The digest of the content.</param>
    /// <param name="signer">The SignerInfo.</param>
    /// <returns>Null where all is right.</returns>
    public string? FindFault(string contentType, byte[] contentDigest, SignerValue signer)
    {
        if (Single(Oids.ContentType) is not { } type)
            return "the content-type attribute is missing or not single";
        if (new AsnReader(type, AsnEncodingRules.BER).ReadObjectIdentifier() != contentType)
            return "the content-type attribute is not the content's";
        if (Single(Oids.MessageDigest) is not { } digest)
            return "the message-digest attribute is missing or not single";
        if (!CryptographicOperations.FixedTimeEquals(new AsnReader(digest, AsnEncodingRules.BER).ReadOctetString(), contentDigest))
            return "the content is not what was signed";
        if (_values.TryGetValue(Oids.SigningTime, out var times) && times.Count != 1)
            return "the signing-time attribute is not single";
        return _values.ContainsKey(Oids.AlgorithmProtection) ? ProtectionFault(signer) : null;
    }

    /// <summary>Whether the signingCertificate attributes, where there are any, name a certificate.</summary>
    /// <param name="certificate">The certificate.</param>
    public bool Name(Certificate certificate) => NameBy(Oids.SigningCertificateV2, certificate, isV2: true) && NameBy(Oids.SigningCertificate, certificate, isV2: false);

    private bool NameBy(string attribute, Certificate certificate, bool isV2)
    {
        if (!_values.ContainsKey(attribute))
            return true;
        if (Single(attribute) is not { } value)
            return false;
        // The first names the signer's (RFC 5035 3).
        AsnReader first = new AsnReader(value, AsnEncodingRules.BER).ReadSequence().ReadSequence().ReadSequence();
        string digest = isV2 ? "sha256" : "sha1";
        if (isV2 && first.PeekTag() == Asn1Tag.Sequence)
            digest = AlgorithmValue.Read(first).DigestName();
        if (!EvpDigest.Compute(digest, certificate.Encoded.Der.Span).AsSpan().SequenceEqual(first.ReadOctetString()))
            return false;
        if (!first.HasData)
            return true;
        AsnReader names = first.ReadSequence();
        names.ReadSequence();
        return names.ReadIntegerBytes().Span.SequenceEqual(certificate.SerialNumber.Span);
    }

    private string? ProtectionFault(SignerValue signer)
    {
        if (Single(Oids.AlgorithmProtection) is not { } value)
            return "the algorithm protection attribute is not single";
        AsnReader protection = new AsnReader(value, AsnEncodingRules.BER).ReadSequence();
        AlgorithmValue digest = AlgorithmValue.Read(protection);
        bool named = protection.HasData && protection.PeekTag().HasSameClassAndValue(s_one);
        AlgorithmValue signature = named ? AlgorithmValue.Read(protection, s_one) : default;
        return digest.Oid != signer.Digest.Oid || !named || signature.Oid != signer.Signature.Oid || !signature.Parameters.Span.SequenceEqual(signer.Signature.Parameters.Span)
            ? "the algorithms are not those that the signer protected"
            : null;
    }

    private ReadOnlyMemory<byte>? Single(string type) => _values.TryGetValue(type, out var values) && values.Count == 1 ? values[0] : (ReadOnlyMemory<byte>?)null;
}

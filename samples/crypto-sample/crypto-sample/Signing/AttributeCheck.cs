using System.Formats.Asn1;
using System.Security.Cryptography;
using CryptoSample.Ber;
using Cstp.Abstractions;

namespace CryptoSample.Signing;

/// <summary>What the signed attributes must say (RFC 5652 5.4, 11; RFC 5035; RFC 6211).</summary>
internal sealed class AttributeCheck
{
    private readonly Dictionary<string, List<ReadOnlyMemory<byte>[]>> _attributes = [];

    /// <summary>Reads them.</summary>
    /// <param name="attributes">A DER SET OF.</param>
    public AttributeCheck(byte[] attributes)
    {
        AsnReader set = new AsnReader(attributes, AsnEncodingRules.BER).ReadSetOf(skipSortOrderValidation: true);
        while (set.HasData)
        {
            AsnReader attribute = set.ReadSequence();
            string oid = attribute.ReadObjectIdentifier();
            AsnReader values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            var list = new List<ReadOnlyMemory<byte>>();
            while (values.HasData)
                list.Add(values.ReadEncodedValue());
            if (!_attributes.TryGetValue(oid, out List<ReadOnlyMemory<byte>[]>? same))
                _attributes[oid] = same = [];
            same.Add([.. list]);
        }
    }

    /// <summary>The signer's claim.</summary>
    public DateTimeOffset? SigningTime { get; private set; }

    /// <summary>What the signer reads, the best first.</summary>
    public IReadOnlyList<string> Capabilities { get; private set; } = [];

    /// <summary>Checks them.</summary>
    /// <param name="info">The signer.</param>
    /// <param name="contentType">The type of the content.</param>
    /// <param name="contentDigest">The content's digest.</param>
    /// <returns>What is wrong, or null.</returns>
    public string? FindFault(SignerInfo info, string contentType, byte[] contentDigest)
    {
        try
        {
            if (Single(Oids.ContentType) is not { } type || type.ReadObjectIdentifier() != contentType)
                return "the content-type attribute is missing or of another type";
            if (Single(Oids.MessageDigest) is not { } digest || !digest.ReadOctetString().AsSpan().SequenceEqual(contentDigest))
                return "the content is not what was signed";
            if (Single(Oids.SigningTime) is { } time)
                SigningTime = time.PeekTag().TagValue == (int)UniversalTagNumber.UtcTime ? time.ReadUtcTime(2049) : time.ReadGeneralizedTime();
            if (Single(Oids.AlgorithmProtection) is { } protection && !IsProtected(protection.ReadSequence(), info))
                return "the algorithms are not those that were signed (RFC 6211)";
            if (Single(Oids.SmimeCapabilities) is { } capabilities)
                Capabilities = ReadCapabilities(capabilities.ReadSequence());
            return null;
        }
        catch (AsnContentException broken)
        {
            return $"an attribute cannot be read: {broken.Message}";
        }
        catch (MalformedException wrong)
        {
            return wrong.Message;
        }
    }

    /// <summary>Whether the attributes bind the signature to another certificate (RFC 5035 5).</summary>
    /// <param name="certificate">The certificate.</param>
    public bool BindsToAnother(EncodedCertificate certificate)
    {
        try
        {
            if (Single(Oids.SigningCertificate) is { } old
                && !FirstId(old).ReadOctetString().AsSpan().SequenceEqual(SHA1.HashData(certificate.Der.Span)))
                return true;
            if (Single(Oids.SigningCertificateV2) is not { } bound)
                return false;
            AsnReader id = FirstId(bound);
            string digest = Oids.Sha256;
            if (id.PeekTag() == new Asn1Tag(UniversalTagNumber.Sequence, isConstructed: true))
                (digest, _) = Der.ReadAlgorithm(id);
            byte[]? expected = ContentDigests.Compute(Oids.DigestName(digest), certificate.Der.Span);
            return expected is null || !id.ReadOctetString().AsSpan().SequenceEqual(expected);
        }
        catch (Exception broken) when (broken is AsnContentException or MalformedException)
        {
            return true;
        }
    }

    private static AsnReader FirstId(AsnReader attribute) => attribute.ReadSequence().ReadSequence().ReadSequence();

    private static bool IsProtected(AsnReader protection, SignerInfo info)
    {
        (string digest, _) = Der.ReadAlgorithm(protection);
        if (!protection.HasData || protection.PeekTag() != new Asn1Tag(TagClass.ContextSpecific, 1, isConstructed: true))
            return false;
        (string signature, _) = Der.ReadAlgorithm(protection, new Asn1Tag(TagClass.ContextSpecific, 1));
        return digest == info.DigestOid && signature == info.SignatureOid && !protection.HasData;
    }

    private static string[] ReadCapabilities(AsnReader list)
    {
        var names = new List<string>();
        while (list.HasData)
            names.Add(Oids.CipherName(list.ReadSequence().ReadObjectIdentifier()));
        return [.. names];
    }

    /// <summary>The one value of an attribute that occurs at most once, with one value.</summary>
    private AsnReader? Single(string oid)
    {
        if (!_attributes.TryGetValue(oid, out List<ReadOnlyMemory<byte>[]>? same))
            return null;
        return same is [[var value]] ? new AsnReader(value, AsnEncodingRules.BER) : throw new MalformedException($"the attribute {oid} is there twice, or has not one value");
    }
}

using System.Formats.Asn1;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>RSASSA-PSS-params (RFC 4055 3.1).</summary>
/// <param name="Digest">The digest's name.</param>
/// <param name="MaskDigest">The digest of the mask generation.</param>
/// <param name="SaltLength">Octets of salt.</param>
internal sealed record PssParameters(string Digest, string MaskDigest, int SaltLength)
{
    /// <summary>Reads them.</summary>
    /// <param name="der">The SEQUENCE; empty stands for all defaults.</param>
    public static PssParameters Read(ReadOnlyMemory<byte> der)
    {
        if (der.IsEmpty)
            return new PssParameters(CmsAlgorithmNames.Sha1, CmsAlgorithmNames.Sha1, 20);
        AsnReader parameters = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
        string digest = CmsAlgorithmNames.Sha1;
        string mask = CmsAlgorithmNames.Sha1;
        int salt = 20;
        if (Explicit(parameters, 0) is { } hash)
            digest = AlgorithmValue.Read(hash).DigestName();
        if (Explicit(parameters, 1) is { } generator)
        {
            AlgorithmValue algorithm = AlgorithmValue.Read(generator);
            if (algorithm.Oid != Oids.Mgf1)
                throw new CmsSyntaxException("a mask generation other than MGF1");
            mask = AlgorithmValue.Read(new AsnReader(algorithm.Parameters, AsnEncodingRules.BER)).DigestName();
        }
        if (Explicit(parameters, 2) is { } length && !length.TryReadInt32(out salt))
            throw new CmsSyntaxException("a salt length beyond reason");
        if (Explicit(parameters, 3) is { } trailer && (!trailer.TryReadInt32(out int field) || field != 1))
            throw new CmsSyntaxException("a trailer field other than 1");
        parameters.ThrowIfNotEmpty();
        return salt is >= 0 and <= 512 ? new PssParameters(digest, mask, salt) : throw new CmsSyntaxException("a salt length beyond reason");
    }

    /// <summary>Writes them.</summary>
    /// <param name="writer">Receives the SEQUENCE.</param>
    public void Write(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                AlgorithmValue.Write(writer, Oids.DigestOid(Digest));
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.Mgf1);
                AlgorithmValue.Write(writer, Oids.DigestOid(MaskDigest));
            }
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2)))
                writer.WriteInteger(SaltLength);
        }
    }

    private static AsnReader? Explicit(AsnReader sequence, int number)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, number);
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(tag) ? sequence.ReadSequence(tag) : null;
    }
}

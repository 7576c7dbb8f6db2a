namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>What X.690 demands of the content of primitive types, in BER already.</summary>
internal static class PrimitiveRules
{
    public static void Check(BerTag tag, ReadOnlySpan<byte> content)
    {
        if (tag == BerTag.Integer || tag == BerTag.Enumerated)
            CheckInteger(content);
        else if (tag == BerTag.ObjectIdentifier)
            CheckObjectIdentifier(content);
        else if (tag == BerTag.Boolean && content.Length != 1)
            throw new BerException("a BOOLEAN has not one octet");
        else if (tag == BerTag.Null && content.Length != 0)
            throw new BerException("a NULL has octets");
        else if (tag == BerTag.Sequence || tag == BerTag.Set)
            throw new BerException("a SEQUENCE or SET is primitive");
    }

    private static void CheckInteger(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
            throw new BerException("an INTEGER is empty");
        if (content.Length > 1 && (content[0] == 0 && content[1] < 0x80 || content[0] == 0xFF && content[1] >= 0x80))
            throw new BerException("an INTEGER is not minimal");
    }

    private static void CheckObjectIdentifier(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty || content.Length > BerLimits.ObjectIdentifierOctets)
            throw new BerException("an OBJECT IDENTIFIER is empty or too long");
        bool arcBegins = true;
        foreach (byte octet in content)
        {
            if (arcBegins && octet == 0x80)
                throw new BerException("an arc of an OBJECT IDENTIFIER is not minimal");
            arcBegins = octet < 0x80;
        }

        if (!arcBegins)
            throw new BerException("an OBJECT IDENTIFIER ends within an arc");
    }
}

using System.Formats.Asn1;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Small elements that are looked at where they stand.</summary>
internal static class Elements
{
    /// <summary>Octets of an identifier; the longest registered ones have some twenty.</summary>
    private const int MaxOid = 128;

    /// <summary>Reads an OBJECT IDENTIFIER.</summary>
    /// <param name="element">The element.</param>
    public static string Oid(byte[] element) => element.Length <= MaxOid + 3
        ? new AsnReader(element, AsnEncodingRules.BER).ReadObjectIdentifier()
        : throw new CmsSyntaxException("an OBJECT IDENTIFIER beyond reason");

    /// <summary>Holds an INTEGER to its form; which it is does not matter.</summary>
    /// <param name="element">The element.</param>
    public static void CheckInteger(byte[] element) => new AsnReader(element, AsnEncodingRules.BER).ReadIntegerBytes();
}

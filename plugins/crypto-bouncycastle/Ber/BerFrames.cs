using Org.BouncyCastle.Asn1;

namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>The octets around streamed content: constructed elements of indefinite length (X.690 8.1.3.6).</summary>
internal static class BerFrames
{
    /// <summary>Opens a SEQUENCE.</summary>
    public static ReadOnlySpan<byte> Sequence => [0x30, 0x80];

    /// <summary>Opens [0].</summary>
    public static ReadOnlySpan<byte> Context0 => [0xA0, 0x80];

    /// <summary>Opens an OCTET STRING of segments.</summary>
    public static ReadOnlySpan<byte> OctetString => [0x24, 0x80];

    /// <summary>Closes what was opened last.</summary>
    public static ReadOnlySpan<byte> End => [0, 0];

    public static byte[] Der(this Asn1Encodable value) => value.GetEncoded(Asn1Encodable.Der);
}

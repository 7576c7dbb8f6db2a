namespace Cstp.Core.Mime;

/// <summary>What octets a body may hold: the body-value of SMTP (RFC 6152 2, RFC 3030 3), the domains of MIME (RFC 2045 2.7 to 2.9).</summary>
internal enum BodyValue
{
    /// <summary>7BIT: lines of ASCII.</summary>
    SevenBit,

    /// <summary>8BITMIME: lines of any octets but NUL.</summary>
    EightBit,

    /// <summary>BINARYMIME: any octets; no lines need be there. Only BDAT carries it.</summary>
    Binary,
}

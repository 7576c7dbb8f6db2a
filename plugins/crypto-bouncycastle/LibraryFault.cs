using Cstp.CryptoBouncyCastle.Ber;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;

namespace Cstp.CryptoBouncyCastle;

/// <summary>What BouncyCastle throws when octets that a stranger wrote are not what they should be.</summary>
internal static class LibraryFault
{
    /// <summary>Whether an exception speaks of its input, rather than of the process or of the caller's pipes.</summary>
    public static bool IsInput(Exception fault) => fault is
        BerException or Asn1Exception or Asn1ParsingException or CryptoException or GeneralSecurityException
        or EndOfStreamException or ArgumentException or InvalidOperationException or FormatException
        or ArithmeticException or InvalidCastException or NullReferenceException or IndexOutOfRangeException
        or NotSupportedException or NotImplementedException
        || fault.GetType() == typeof(IOException);
}

using Cstp.Abstractions;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>What was found about one signature, and why.</summary>
internal readonly record struct Verdict(SignatureValidity Validity, string? Reason)
{
    public static readonly Verdict Valid = new(SignatureValidity.Valid, null);

    public static Verdict Invalid(string reason) => new(SignatureValidity.Invalid, reason);

    public static Verdict Unsupported(string reason) => new(SignatureValidity.Unsupported, reason);
}

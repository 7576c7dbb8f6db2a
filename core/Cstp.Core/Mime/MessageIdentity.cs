using System.Security.Cryptography;

namespace Cstp.Core.Mime;

/// <summary>What tells one message from all others, however often it comes.</summary>
internal static class MessageIdentity
{
    /// <summary>The digest of the header section without trace fields (RFC 5321 4.4), which may differ when the message comes again.</summary>
    /// <param name="header">The header section.</param>
    /// <returns>Hexadecimal; null where there is no Message-ID: two different messages may then have equal header sections.</returns>
    public static string? Of(HeaderSection header)
    {
        if (!header.All("Message-ID").Any())
            return null;
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (HeaderField field in header.Fields)
        {
            if (!field.Is("Received") && !field.Is("Return-Path"))
                digest.AppendData(field.Raw.Span);
        }
        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}

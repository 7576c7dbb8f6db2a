using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary>A certificate as the commands show it.</summary>
/// <param name="Fingerprint">SHA-256.</param>
/// <param name="Role">user, gateway, authority; for own ones key.</param>
/// <param name="Subject">Address or domain that the store ties it to.</param>
/// <param name="State">untrusted, trusted, revoked.</param>
/// <param name="Name">Its subject.</param>
/// <param name="Issuer">Its issuer.</param>
/// <param name="Serial">Its serial number, hexadecimal.</param>
/// <param name="Addresses">The addresses in it.</param>
/// <param name="Key">The kind of its key.</param>
/// <param name="NotBefore">Start of validity.</param>
/// <param name="NotAfter">End of validity.</param>
/// <param name="FirstSeen">When it came.</param>
/// <param name="Source">What brought it.</param>
/// <param name="Capabilities">What its owner reads.</param>
/// <param name="Problem">Why it is of no use now for signing and encrypting alike, or null.</param>
internal sealed record CertificateView(
    string Fingerprint, string Role, string Subject, string State, string Name, string Issuer, string Serial, IReadOnlyList<string> Addresses, string Key,
    DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset FirstSeen, string Source, IReadOnlyList<string> Capabilities, string? Problem)
{
    /// <summary>Of an entry of the store.</summary>
    /// <param name="stored">The entry.</param>
    /// <param name="now">The time.</param>
    public static CertificateView Of(StoredCertificate stored, DateTimeOffset now)
    {
        CertificateFacts facts = CertificateFacts.Read(stored.Certificate);
        string? problem = stored.Role == CertificateRole.Authority ? facts.WhyNoIssuer(now) : facts.WhyNotForMail(now);
        return Of(facts, stored.Role.ToString().ToLowerInvariant(), stored.Subject, stored.State.ToString().ToLowerInvariant(), stored.FirstSeen, stored.Source, stored.Capabilities, problem);
    }

    /// <summary>Of one of the box's own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="now">The time.</param>
    public static CertificateView Of(OwnKey key, DateTimeOffset now)
    {
        CertificateFacts facts = CertificateFacts.Read(key.Identity.Certificate);
        return Of(facts, "key", key.Owner?.ToString() ?? "gateway", "trusted", key.Created, "own", [], facts.WhyNotForMail(now));
    }

    private static CertificateView Of(
        CertificateFacts facts, string role, string subject, string state, DateTimeOffset firstSeen, string source, IReadOnlyList<string> capabilities, string? problem) => new(
        facts.Certificate.Fingerprint, role, subject, state, facts.Subject?.ToString() ?? "", facts.Issuer?.ToString() ?? "", facts.SerialNumber,
        [.. facts.Addresses.Mailboxes.Select(mailbox => mailbox.ToString())], KeyName(facts.Key), facts.NotBefore, facts.NotAfter, firstSeen, source, capabilities, problem);

    /// <summary>The kind of a key, as options and lists write it.</summary>
    /// <param name="key">The key.</param>
    public static string KeyName(PublicKeyFacts key) => key.Kind.ToString().ToLowerInvariant() + (key.Bits > 0 ? key.Bits.ToString(System.Globalization.CultureInfo.InvariantCulture) : "");
}

using Cstp.Abstractions;

namespace Cstp.Core.Trust;

/// <summary>Whether an administrator lets a certificate speak.</summary>
internal enum TrustState
{
    /// <summary>Not judged yet: collected from mail, or imported so.</summary>
    Untrusted,

    /// <summary>Trusted.</summary>
    Trusted,

    /// <summary>Refused by an administrator.</summary>
    Revoked,
}

/// <summary>What a certificate in the store is for.</summary>
internal enum CertificateRole
{
    /// <summary>One address.</summary>
    User,

    /// <summary>A domain of the community.</summary>
    Gateway,

    /// <summary>An authority that user certificates may chain to.</summary>
    Authority,
}

/// <summary>A certificate of the store.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Subject">The address (User), the domain (Gateway), or empty (Authority).</param>
/// <param name="State">Whether it is trusted.</param>
/// <param name="FirstSeen">When it came into the store.</param>
/// <param name="Source">What brought it: <c>import</c>, <c>init</c>, <c>harvest</c>, or the address whose mail carried it.</param>
/// <param name="Capabilities">Content encryption algorithms its owner reads (names of <see cref="CmsAlgorithmNames"/>), as seen in signed mail.</param>
internal sealed record StoredCertificate(
    EncodedCertificate Certificate,
    CertificateRole Role,
    string Subject,
    TrustState State,
    DateTimeOffset FirstSeen,
    string Source,
    IReadOnlyList<string> Capabilities)
{
    /// <summary>The source of what was trusted since it chains to an authority.</summary>
    public const string Harvest = "harvest";
}

/// <summary>How often mail brought a certificate after it was collected.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate.</param>
/// <param name="Times">As often.</param>
/// <param name="Last">When for the last time.</param>
internal sealed record Sighting(string Fingerprint, long Times, DateTimeOffset Last);

/// <summary>A key of the box or of a local user.</summary>
/// <param name="Identity">Certificate and key.</param>
/// <param name="Owner">The local user, or null for the gateway.</param>
/// <param name="Signs">Whether it signs.</param>
/// <param name="Decrypts">Whether it is encrypted to.</param>
/// <param name="Created">When it came into the store: the newest signs, all decrypt.</param>
internal sealed record OwnKey(CmsIdentity Identity, Mailbox? Owner, bool Signs, bool Decrypts, DateTimeOffset Created);

/// <summary>What one signs with, and what the answer is to be encrypted to.</summary>
/// <param name="Identity">The signing certificate and key.</param>
/// <param name="EncryptionCertificate">The owner's certificate for encryption; null where it is the signing one.</param>
/// <param name="Owner">The user, or null for the gateway.</param>
/// <param name="Digest">The digest that the key's kind demands, or null where the configuration decides.</param>
internal sealed record SigningIdentity(CmsIdentity Identity, EncodedCertificate? EncryptionCertificate, Mailbox? Owner, DigestAlgorithm? Digest);

/// <summary>What the store says of a signer, seen from a message's From address.</summary>
internal enum SignerStanding
{
    /// <summary>A trusted user certificate (or one that chains to a trusted authority) for the From address.</summary>
    TrustedUser,

    /// <summary>A trusted gateway certificate whose domains hold the From address.</summary>
    TrustedGateway,

    /// <summary>A trusted gateway certificate of other domains.</summary>
    OtherGateway,

    /// <summary>Trusted, but for another address.</summary>
    OtherUser,

    /// <summary>Neither trusted nor refused.</summary>
    Untrusted,

    /// <summary>Refused by an administrator, or revoked by its authority.</summary>
    Revoked,

    /// <summary>Trusted, but its revocation cannot be looked up now, and must be.</summary>
    RevocationUnknown,

    /// <summary>Expired, not yet valid, of wrong usage, or with a weak or impossible key.</summary>
    Unusable,
}

/// <summary>The judgement over one signer.</summary>
/// <param name="Standing">What the store says.</param>
/// <param name="Reason">In words, for report and Authentication-Results; printable ASCII.</param>
/// <param name="Identifier">For whom the certificate speaks: an address, or the box's name; null where it names none.</param>
internal sealed record SignerJudgement(SignerStanding Standing, string Reason, string? Identifier);

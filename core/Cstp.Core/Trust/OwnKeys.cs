using Cstp.Abstractions;

namespace Cstp.Core.Trust;

/// <summary>The keys of the box and of local users, by owner. The newest signs, all decrypt.</summary>
internal sealed class OwnKeys
{
    private readonly TimeProvider _time;
    private readonly IReadOnlyDictionary<string, CertificateFacts> _facts;
    private readonly Dictionary<string, KeyOwner> _owners = [];
    private readonly List<OwnKey> _gateway;
    private readonly Dictionary<string, List<OwnKey>> _users;

    /// <summary>Sorts the keys.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="facts">What their certificates say, by fingerprint.</param>
    /// <param name="time">The clock.</param>
    public OwnKeys(IReadOnlyList<OwnKey> keys, IReadOnlyDictionary<string, CertificateFacts> facts, TimeProvider time)
    {
        _time = time;
        _facts = facts;
        foreach (OwnKey key in keys)
            _owners[key.Identity.Certificate.Fingerprint] = new(key.Owner);
        List<OwnKey> newestFirst = [.. keys.OrderByDescending(key => key.Created)];
        _gateway = [.. newestFirst.Where(key => key.Owner is null)];
        _users = newestFirst.Where(key => key.Owner is not null)
            .GroupBy(key => key.Owner!.ToString(), AddressComparer.Instance)
            .ToDictionary(group => group.Key, group => group.ToList(), AddressComparer.Instance);
        GatewayDecryptionKeys = [.. _gateway.Where(key => key.Decrypts).Select(key => key.Identity)];
    }

    /// <summary>The gateway's decrypting keys, newest first.</summary>
    public IReadOnlyList<CmsIdentity> GatewayDecryptionKeys { get; }

    /// <summary>A user's decrypting keys, newest first.</summary>
    /// <param name="user">The user.</param>
    public IReadOnlyList<CmsIdentity> UserDecryptionKeys(Mailbox user) => [.. Of(user).Where(key => key.Decrypts).Select(key => key.Identity)];

    /// <summary>Whose certificate this is, or null where it is none of the box's.</summary>
    /// <param name="certificate">The certificate.</param>
    public KeyOwner? OwnerOf(EncodedCertificate certificate) => _owners.GetValueOrDefault(certificate.Fingerprint);

    /// <summary>The newest key of the user that can sign now, else the gateway's.</summary>
    /// <param name="from">The user, or null.</param>
    public SigningIdentity? FindSigner(Mailbox? from)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return (from is null ? null : Signer(Of(from), now)) ?? Signer(_gateway, now);
    }

    private SigningIdentity? Signer(List<OwnKey> keys, DateTimeOffset now)
    {
        OwnKey? signer = keys.Find(key => key.Signs && _facts[key.Identity.Certificate.Fingerprint].WhyNoSigner(now) is null);
        if (signer is null)
            return null;
        EncodedCertificate? reader = keys.Find(key => key.Decrypts && _facts[key.Identity.Certificate.Fingerprint].WhyNoRecipient(now) is null)?.Identity.Certificate;
        DigestAlgorithm? digest = _facts[signer.Identity.Certificate.Fingerprint].Key.Kind switch
        {
            PublicKeyKind.P384 => DigestAlgorithm.Sha384,
            PublicKeyKind.P521 or PublicKeyKind.Ed25519 or PublicKeyKind.MlDsa44 or PublicKeyKind.MlDsa65 or PublicKeyKind.MlDsa87 => DigestAlgorithm.Sha512,
            _ => null,
        };
        return new(signer.Identity, signer.Identity.Certificate.Equals(reader) ? null : reader, signer.Owner, digest);
    }

    /// <summary>Keys of an address written alike, else of one that differs in case alone.</summary>
    private List<OwnKey> Of(Mailbox user)
    {
        if (!_users.TryGetValue(user.ToString(), out List<OwnKey>? keys))
            return [];
        List<OwnKey> exact = [.. keys.Where(key => user.Equals(key.Owner))];
        return exact.Count > 0 ? exact : keys;
    }
}

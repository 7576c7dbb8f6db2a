using System.Collections.Concurrent;
using Cstp.Abstractions;
using Cstp.Core.Trust.Revocation;

namespace Cstp.Core.Trust;

/// <summary>All certificates and keys at one moment, with look-ups that cost the same whatever the store holds.</summary>
/// <remarks>Immutable and safe for all threads. Validity is judged at the time of the call.</remarks>
internal sealed class TrustSnapshot
{
    private readonly TimeProvider _time;
    private readonly HashSet<string> _localDomains;
    private readonly Dictionary<string, CertificateFacts> _facts;
    private readonly Dictionary<string, List<StoredCertificate>> _entries = [];
    private readonly Dictionary<string, List<StoredCertificate>> _usersByAddress = new(AddressComparer.Instance);
    private readonly Dictionary<string, List<StoredCertificate>> _gatewaysByDomain = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<EncodedCertificate>> _bySigner = [];
    private readonly List<CertificateFacts> _authorities = [];
    private readonly List<CertificateFacts> _intermediates = [];
    private readonly OwnKeys _own;
    private readonly RevocationKnowledge _revocation;
    private readonly ConcurrentDictionary<string, IReadOnlyList<CertificateFacts>> _paths = [];

    /// <summary>Takes the content of a store.</summary>
    /// <param name="certificates">The certificates.</param>
    /// <param name="keys">The keys of the box and of local users.</param>
    /// <param name="time">The clock.</param>
    /// <param name="localDomains">The domains for which the box's own certificates speak.</param>
    /// <param name="previous">An earlier snapshot, whose parsed certificates are taken over.</param>
    /// <param name="revocation">What is known of revocations; by default nothing is looked up.</param>
    public TrustSnapshot(
        IReadOnlyList<StoredCertificate> certificates,
        IReadOnlyList<OwnKey> keys,
        TimeProvider time,
        IReadOnlyList<string>? localDomains = null,
        TrustSnapshot? previous = null,
        RevocationKnowledge? revocation = null)
    {
        _time = time;
        _revocation = revocation ?? RevocationKnowledge.None;
        _localDomains = new(localDomains ?? [], StringComparer.OrdinalIgnoreCase);
        _facts = new(certificates.Count + keys.Count);
        Certificates = certificates;
        Keys = keys;

        // Own and trusted ones come first in every look-up, so that a collected one never shadows them.
        foreach (OwnKey key in keys)
            Index(key.Identity.Certificate, previous);
        foreach (StoredCertificate stored in certificates.OrderByDescending(stored => stored.State == TrustState.Trusted).ThenByDescending(stored => stored.FirstSeen))
        {
            CertificateFacts facts = Index(stored.Certificate, previous);
            Group(_entries, stored.Certificate.Fingerprint, stored);
            if (stored.State == TrustState.Trusted)
                IndexTrusted(stored, facts);
        }
        // Only what an administrator brought in: collected certificates must not make the search longer.
        _intermediates.AddRange(certificates
            .Where(stored => stored.Role == CertificateRole.Authority || stored.State == TrustState.Trusted)
            .Where(stored => !IsRevoked(stored.Certificate))
            .Select(stored => FactsOf(stored.Certificate))
            .Where(facts => facts.IsAuthority)
            .Distinct());
        _authorities.RemoveAll(facts => IsRevoked(facts.Certificate));
        _own = new OwnKeys(keys, _facts, time);
    }

    /// <summary>An empty snapshot.</summary>
    public static TrustSnapshot Empty { get; } = new([], [], TimeProvider.System);

    /// <summary>All certificates.</summary>
    public IReadOnlyList<StoredCertificate> Certificates { get; }

    /// <summary>All keys.</summary>
    public IReadOnlyList<OwnKey> Keys { get; }

    /// <summary>The trusted authorities.</summary>
    public IReadOnlyList<CertificateFacts> Authorities => _authorities;

    /// <summary>The authorities that a certification path may pass: what an administrator brought in and did not refuse.</summary>
    public IReadOnlyList<CertificateFacts> Intermediates => _intermediates;

    /// <summary>The gateway's keys, newest first, also those whose certificate expired.</summary>
    public IReadOnlyList<CmsIdentity> GatewayDecryptionKeys => _own.GatewayDecryptionKeys;

    /// <summary>A local user's keys, newest first, also those whose certificate expired.</summary>
    /// <param name="user">The user.</param>
    public IReadOnlyList<CmsIdentity> UserDecryptionKeys(Mailbox user) => _own.UserDecryptionKeys(user);

    /// <summary>What a message from this address is signed with: the user's own key, else the gateway's.</summary>
    /// <param name="from">The address, or null.</param>
    /// <returns>Null where the box has no key that can sign now.</returns>
    public SigningIdentity? FindSigner(Mailbox? from) => _own.FindSigner(from);

    /// <summary>The certificates that a message to this address can be encrypted to now.</summary>
    /// <param name="mailbox">The recipient.</param>
    /// <param name="keyManagement">What the crypto module can bring a content key with, by the names of <see cref="CmsAlgorithmNames"/>; null for all there is.</param>
    /// <returns>
    /// All of the user's, newest first; where there is none, all of the gateway of the domain; or none. Of those, the ones that the module can encrypt to; where
    /// it can to none, all the same: such a message fails, and does not go out unprotected.
    /// </returns>
    public IReadOnlyList<RecipientCertificate> FindRecipientCertificates(Mailbox mailbox, IReadOnlyList<string>? keyManagement = null)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (_usersByAddress.TryGetValue(mailbox.ToString(), out List<StoredCertificate>? users))
        {
            List<StoredCertificate> usable = [.. NewestHarvested(users.Where(user => IsUsable(user, now)))];
            List<StoredCertificate> exact = [.. usable.Where(user => LocalPartOf(user.Subject) == mailbox.LocalPart)];
            if (usable.Count > 0)
                return Recipients(exact.Count > 0 ? exact : usable, CertificateScope.User, keyManagement);
        }
        return _gatewaysByDomain.TryGetValue(mailbox.Domain, out List<StoredCertificate>? gateways)
            ? Recipients([.. gateways.Where(gateway => IsUsable(gateway, now))], CertificateScope.Gateway, keyManagement)
            : [];
    }

    /// <summary>Whether mail to a certificate has to wait, since its revocation must be known and is not.</summary>
    /// <param name="certificate">A certificate that <see cref="FindRecipientCertificates"/> found.</param>
    public bool AwaitsRevocation(EncodedCertificate certificate) => _revocation.IsHard && RevocationOf(FactsOf(certificate)).State == RevocationState.Unknown;

    /// <summary>The paths of everything that is trusted and used, for whoever looks after their revocation.</summary>
    public IEnumerable<IReadOnlyList<CertificateFacts>> Paths() => Certificates
        .Where(stored => stored.State == TrustState.Trusted && stored.Role != CertificateRole.Authority)
        .Select(stored => PathOf(FactsOf(stored.Certificate), []))
        .OfType<IReadOnlyList<CertificateFacts>>();

    /// <summary>Waits, within the limit for mail, until the revocation of signers is known as far as it can be fetched.</summary>
    /// <param name="signers">Certificates whose keys verified, each with what the message carried besides.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task WaitForRevocationAsync(IReadOnlyList<(EncodedCertificate Signer, IReadOnlyList<EncodedCertificate> Carried)> signers, CancellationToken cancel)
    {
        if (!_revocation.IsActive)
            return;
        using CancellationTokenSource limit = _revocation.LimitForMail(cancel);
        foreach ((EncodedCertificate signer, IReadOnlyList<EncodedCertificate> carried) in signers)
        {
            if (PathOf(FactsOf(signer), carried) is { } path)
                await _revocation.WaitForAsync(path, limit.Token);
        }
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Whether the owner of a certificate is known to read AuthEnvelopedData.</summary>
    /// <param name="certificate">A recipient's certificate.</param>
    public bool ReadsAuthenticatedEncryption(EncodedCertificate certificate) => Reads(certificate, CmsAlgorithmNames.Aes256Gcm);

    /// <summary>Whether the owner of an RSA certificate is known to read OAEP.</summary>
    /// <param name="certificate">A recipient's certificate.</param>
    public bool ReadsOaep(EncodedCertificate certificate) => Reads(certificate, CmsAlgorithmNames.RsaOaep);

    /// <summary>Whether this is a trusted gateway's certificate, the box's own included.</summary>
    /// <param name="certificate">The certificate.</param>
    public bool IsGatewayCertificate(EncodedCertificate certificate) =>
        !IsRevoked(certificate)
        && (_own.OwnerOf(certificate) is { IsGateway: true } || Entries(certificate).Any(entry => entry is { Role: CertificateRole.Gateway, State: TrustState.Trusted }));

    /// <summary>Whether collecting a certificate would change nothing.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="capabilities">What its owner reads; empty where unknown.</param>
    public bool Knows(EncodedCertificate certificate, IReadOnlyList<string> capabilities) =>
        _own.OwnerOf(certificate) is not null
        || (_entries.TryGetValue(certificate.Fingerprint, out List<StoredCertificate>? entries)
            && (capabilities.Count == 0 || entries.TrueForAll(entry => entry.Capabilities.SequenceEqual(capabilities))));

    /// <summary>Whether a certificate waits for an administrator's judgement.</summary>
    /// <param name="certificate">The certificate.</param>
    public bool IsPending(EncodedCertificate certificate) => Entries(certificate) is { Count: > 0 } entries && entries.TrueForAll(entry => entry.State == TrustState.Untrusted);

    /// <summary>Whether a certificate chains to a trusted authority, is not revoked, names addresses and can be encrypted to.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="carried">Possible issuers.</param>
    public bool IsCertifiedReader(EncodedCertificate certificate, IReadOnlyList<EncodedCertificate> carried) =>
        FactsOf(certificate) is { IsAuthority: false } facts && facts.Addresses.Mailboxes.Any() && facts.WhyNoRecipient(_time.GetUtcNow()) is null
        && PathOf(facts, carried) is { } path && _revocation.Of(path).State == RevocationState.Good;

    /// <summary>What a certificate says; of one that the store holds it is known already.</summary>
    /// <param name="certificate">The certificate.</param>
    public CertificateFacts FactsOf(EncodedCertificate certificate) =>
        _facts.TryGetValue(certificate.Fingerprint, out CertificateFacts? facts) ? facts : CertificateFacts.Read(certificate);

    /// <summary>All known certificates that a SignerInfo may mean; own and trusted ones first.</summary>
    /// <param name="signer">The identifier in the SignerInfo.</param>
    public IReadOnlyList<EncodedCertificate> Lookup(SignerIdentifier signer)
    {
        string key = signer.SubjectKeyIdentifier.IsEmpty
            ? CertificateFacts.SignerKey(signer.Issuer.Span, signer.SerialNumber.Span)
            : Convert.ToHexStringLower(signer.SubjectKeyIdentifier.Span);
        return _bySigner.TryGetValue(key, out List<EncodedCertificate>? found) ? found : [];
    }

    /// <summary>Judges whether a signer may speak for a From address.</summary>
    /// <param name="signer">The certificate whose key verified.</param>
    /// <param name="carried">What the message carried besides: possible issuers.</param>
    /// <param name="from">The From address; null where there is none, or not exactly one.</param>
    public SignerJudgement Judge(EncodedCertificate signer, IReadOnlyList<EncodedCertificate> carried, Mailbox? from)
    {
        CertificateFacts facts = FactsOf(signer);
        DateTimeOffset now = _time.GetUtcNow();
        string? named = facts.Addresses.Mailboxes.FirstOrDefault()?.ToString();
        if (IsRevoked(signer))
            return new(SignerStanding.Revoked, "the administrator revoked the signer's certificate", named);
        if (facts.WhyNoSigner(now) is { } problem)
            return new(SignerStanding.Unusable, $"the signer's certificate {problem}", named);
        List<StoredCertificate> trusted = [.. Entries(signer).Where(entry => entry.State == TrustState.Trusted)];
        // A path to an authority is sought for trusted ones, too, where revocation is looked at: an administrator's trust is no knowledge of it.
        if (_revocation.IsActive && PathOf(facts, carried) is { } known && Revocation(known, named) is { } revoked)
            return revoked;
        if (_own.OwnerOf(signer) is { } owner)
        {
            return owner.Mailbox is { } user
                ? User(CertificateAddresses.Same(user, from ?? user) && from is not null, user.ToString())
                : Gateway(from is not null && _localDomains.Contains(from.Domain), named);
        }
        if (trusted.Any(entry => entry.Role == CertificateRole.Gateway))
        {
            List<StoredCertificate> gateways = [.. trusted.Where(entry => entry.Role == CertificateRole.Gateway)];
            return Gateway(from is not null && gateways.Any(entry => entry.Subject.Equals(from.Domain, StringComparison.OrdinalIgnoreCase)), named ?? gateways[0].Subject);
        }
        if (trusted.FirstOrDefault(entry => entry.Role == CertificateRole.User) is { } tied)
        {
            return User(
                from is not null && (facts.Addresses.Contains(from) || trusted.Any(entry => Mailbox.TryParse(entry.Subject, out Mailbox? subject) && CertificateAddresses.Same(subject, from))),
                from is not null && facts.Addresses.Contains(from) ? from.ToString() : tied.Subject.Length > 0 ? tied.Subject : named);
        }
        // An administrator may tie a self-signed certificate that calls itself an authority to a user; unknown ones are judged by the book.
        if (facts.IsAuthority)
            return new(SignerStanding.Unusable, "the signer's certificate is an authority's", named);
        CertificationPathVerdict verdict = new CertificationPathSearch(_authorities, Issuers(carried), new(now) { ForMail = true }).Find(facts);
        if (!verdict.IsValid)
        {
            string which = verdict.At is null || verdict.At == facts ? "it" : "an authority above it";
            return new(SignerStanding.Untrusted, $"the signer's certificate is not trusted: {which} {verdict.Reason}", named);
        }
        bool matches = from is not null && facts.Addresses.Contains(from);
        return User(matches, matches ? from!.ToString() : named);
    }

    private SignerJudgement? Revocation(IReadOnlyList<CertificateFacts> path, string? named)
    {
        RevocationStatus status = _revocation.Of(path);
        return status.State switch
        {
            RevocationState.Revoked => new(SignerStanding.Revoked, $"the signer's certificate {status.Reason}", named),
            RevocationState.Unknown when _revocation.IsHard => new(SignerStanding.RevocationUnknown, $"the signer's certificate {status.Reason}", named),
            _ => null,
        };
    }

    /// <summary>What is known of a stored certificate; one that no trusted authority issued has nobody who could revoke it.</summary>
    private RevocationStatus RevocationOf(CertificateFacts facts)
    {
        if (!_revocation.IsActive || PathOf(facts, []) is not { } path)
            return RevocationStatus.NotLookedAt;
        RevocationStatus status = _revocation.Of(path);
        if (status.State == RevocationState.Unknown)
            _revocation.AskFor(path);
        return status;
    }

    /// <summary>The path to a trusted authority, found once as long as the store stays as it is.</summary>
    private IReadOnlyList<CertificateFacts>? PathOf(CertificateFacts facts, IReadOnlyList<EncodedCertificate> carried)
    {
        const int MaxRemembered = 10_000;
        DateTimeOffset now = _time.GetUtcNow();
        if (_paths.TryGetValue(facts.Certificate.Fingerprint, out IReadOnlyList<CertificateFacts>? path) && path.All(one => one.WhyInvalid(now) is null))
            return path;
        if (_authorities.Count == 0 || facts.Subject is null)
            return null;
        CertificationPathVerdict verdict = new CertificationPathSearch(_authorities, Issuers(carried), new(now) { ForMail = true }).Find(facts);
        if (!verdict.IsValid)
            return null;
        if (_paths.Count >= MaxRemembered)
            _paths.Clear();
        return _paths[facts.Certificate.Fingerprint] = verdict.Path;
    }

    private static SignerJudgement User(bool matches, string? identifier) => matches
        ? new(SignerStanding.TrustedUser, "the signer's certificate is trusted for the From address", identifier)
        : new(SignerStanding.OtherUser, "the signer's certificate is not for the From address", identifier);

    private static SignerJudgement Gateway(bool matches, string? identifier) => matches
        ? new(SignerStanding.TrustedGateway, "the signer is the trusted gateway of the From domain", identifier)
        : new(SignerStanding.OtherGateway, "the signer is a trusted gateway, but not of the From domain", identifier);

    private List<CertificateFacts> Issuers(IReadOnlyList<EncodedCertificate> carried)
    {
        const int MaxCarried = 64;
        return [.. carried.Take(MaxCarried).Where(certificate => !IsRevoked(certificate)).Select(FactsOf).Where(facts => facts.IsAuthority), .. _intermediates];
    }

    private bool Reads(EncodedCertificate certificate, string capability) =>
        IsGatewayCertificate(certificate)
        || Entries(certificate).Any(entry => entry.Capabilities.Any(name => CertificateCapabilities.Name(name) == capability))
        || FactsOf(certificate).Capabilities.Contains(capability);

    private bool IsUsable(StoredCertificate stored, DateTimeOffset now) =>
        !IsRevoked(stored.Certificate) && FactsOf(stored.Certificate) is var facts && facts.WhyNoRecipient(now) is null && RevocationOf(facts).State != RevocationState.Revoked;

    private bool IsRevoked(EncodedCertificate certificate) => Entries(certificate).Any(entry => entry.State == TrustState.Revoked);

    private List<StoredCertificate> Entries(EncodedCertificate certificate) => _entries.GetValueOrDefault(certificate.Fingerprint, []);

    private CertificateFacts Index(EncodedCertificate certificate, TrustSnapshot? previous)
    {
        if (_facts.TryGetValue(certificate.Fingerprint, out CertificateFacts? facts))
            return facts;
        if (previous is null || !previous._facts.TryGetValue(certificate.Fingerprint, out facts))
            facts = CertificateFacts.Read(certificate);
        _facts.Add(certificate.Fingerprint, facts);
        if (facts.IssuerAndSerial is not null)
            Group(_bySigner, facts.IssuerAndSerial, certificate);
        if (facts.KeyIdentifier is not null)
            Group(_bySigner, facts.KeyIdentifier, certificate);
        return facts;
    }

    private void IndexTrusted(StoredCertificate stored, CertificateFacts facts)
    {
        switch (stored.Role)
        {
            case CertificateRole.User:
                Group(_usersByAddress, stored.Subject, stored);
                break;
            case CertificateRole.Gateway:
                Group(_gatewaysByDomain, stored.Subject, stored);
                break;
            case CertificateRole.Authority:
                _authorities.Add(facts);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(stored), stored.Role, "no such role");
        }
    }

    private List<RecipientCertificate> Recipients(List<StoredCertificate> certificates, CertificateScope scope, IReadOnlyList<string>? keyManagement)
    {
        List<StoredCertificate> possible = [.. certificates.Where(stored =>
            FactsOf(stored.Certificate).Key.KeyManagement is not { } needed || keyManagement is null || keyManagement.Contains(needed))];
        return [.. (possible.Count > 0 ? possible : certificates).Select(stored => new RecipientCertificate(stored.Certificate, scope))];
    }

    /// <summary>Of what was harvested the newest alone: its owner has a new key. What an administrator brought in stays his business.</summary>
    private static IEnumerable<StoredCertificate> NewestHarvested(IEnumerable<StoredCertificate> certificates)
    {
        bool hasHarvested = false;
        foreach (StoredCertificate stored in certificates)
        {
            bool isHarvested = stored.Source == StoredCertificate.Harvest;
            if (!isHarvested || !hasHarvested)
                yield return stored;
            hasHarvested |= isHarvested;
        }
    }

    private static string LocalPartOf(string address) => address[..Math.Max(0, address.LastIndexOf('@'))];

    private static void Group<T>(Dictionary<string, List<T>> groups, string key, T item)
    {
        if (!groups.TryGetValue(key, out List<T>? group))
            groups.Add(key, group = []);
        group.Add(item);
    }
}

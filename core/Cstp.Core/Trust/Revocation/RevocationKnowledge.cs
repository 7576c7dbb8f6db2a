using System.Collections.Concurrent;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust.Revocation;

/// <summary>What is known of revocations now: lists, answers of responders, and what follows from them. Safe for all threads; never waits but where it says so.</summary>
/// <param name="options">Section <c>[revocation]</c>.</param>
/// <param name="time">The clock.</param>
internal sealed class RevocationKnowledge(RevocationOptions options, TimeProvider time)
{
    /// <summary>Certificates of which a responder's answer, or what follows, is remembered.</summary>
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<string, RevocationStatus> _answers = [];
    private volatile Lists _lists = new([]);
    private volatile RevocationFetcher? _fetcher;

    /// <summary>Of which nothing is ever looked up.</summary>
    public static RevocationKnowledge None { get; } = new(new RevocationOptions(), TimeProvider.System);

    /// <summary>Whether anything is looked at.</summary>
    public bool IsActive => options.Fetch || options.Unknown == UnknownRevocation.Hard || _lists.All.Count > 0;

    /// <summary>Whether what is unknown counts as not usable now.</summary>
    public bool IsHard => options.Unknown == UnknownRevocation.Hard;

    /// <summary>Takes the lists that are in force from now on; nothing of them is verified yet.</summary>
    /// <param name="lists">All of them.</param>
    public void TakeLists(IReadOnlyList<X509Crl> lists) => _lists = new(lists);

    /// <summary>Takes the verified answer of a responder.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="answer">The answer.</param>
    public void TakeAnswer(CertificateFacts certificate, RevocationStatus answer)
    {
        if (_answers.Count >= MaxRemembered)
            _answers.Clear();
        _answers[certificate.Certificate.Fingerprint] = answer;
    }

    /// <summary>Says who fetches what is not known.</summary>
    /// <param name="fetcher">The fetcher, or null.</param>
    public void FetchBy(RevocationFetcher? fetcher) => _fetcher = fetcher;

    /// <summary>What is known of a path: one revoked certificate revokes it, one of which nothing is known leaves it unknown.</summary>
    /// <param name="path">A path that holds: the certificate in question first, the trusted authority last.</param>
    public RevocationStatus Of(IReadOnlyList<CertificateFacts> path)
    {
        if (!IsActive)
            return RevocationStatus.NotLookedAt;
        RevocationStatus? unknown = null, soonest = null;
        for (int i = 0; i + 1 < path.Count; i++)
        {
            RevocationStatus status = Of(path[i], path[i + 1]);
            if (status.State == RevocationState.Revoked)
                return i == 0 ? status : status with { Reason = $"stands under an authority whose certificate {status.Reason}" };
            if (status.State == RevocationState.Unknown)
                unknown ??= status;
            else if (soonest is null || status.Until < soonest.Until)
                soonest = status;
        }
        return unknown ?? soonest ?? RevocationStatus.NotLookedAt;
    }

    /// <summary>The same; where something is unknown and can be fetched, that is asked for, and waited for within the limit for mail.</summary>
    /// <param name="path">A path that holds.</param>
    /// <param name="limit">Ends the waiting; the fetching goes on.</param>
    public async Task WaitForAsync(IReadOnlyList<CertificateFacts> path, CancellationToken limit)
    {
        if (_fetcher is { } fetcher && Of(path).State == RevocationState.Unknown)
            await fetcher.WaitForAsync(path, limit);
    }

    /// <summary>The limit for one message.</summary>
    public CancellationTokenSource LimitForMail(CancellationToken cancel)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.MailWait);
        return limit;
    }

    /// <summary>Asks for what is unknown of a path, and does not wait.</summary>
    /// <param name="path">A path that holds.</param>
    public void AskFor(IReadOnlyList<CertificateFacts> path) => _fetcher?.AskFor(path);

    /// <summary>What is known of one certificate.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">The authority above it in a path that holds.</param>
    public RevocationStatus Of(CertificateFacts certificate, CertificateFacts issuer)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (_answers.TryGetValue(certificate.Certificate.Fingerprint, out RevocationStatus? answer) && now < answer.Until)
            return answer;
        (string, string) key = (certificate.Certificate.Fingerprint, issuer.KeyDigest);
        Lists lists = _lists;
        if (lists.Found.TryGetValue(key, out RevocationStatus? found) && now < found.Until)
            return found;
        if (lists.Found.Count >= MaxRemembered)
            lists.Found.Clear();
        return lists.Found[key] = LookUp(lists.All, certificate, issuer, now);
    }

    /// <summary>Holds the two to the lists of the issuer's name, by RFC 5280 6.3. Lists that another authority makes for it count as none.</summary>
    private static RevocationStatus LookUp(IReadOnlyList<X509Crl> all, CertificateFacts certificate, CertificateFacts issuer, DateTimeOffset now)
    {
        List<X509Crl> lists = [.. all.Where(list => list.IssuerDN.Equivalent(certificate.Issuer, true))];
        // Not known for long: a list may come at any time, and then all is looked up anew.
        var unknown = new RevocationStatus(RevocationState.Unknown, "has a revocation that cannot be looked up now", now.AddMinutes(1));
        if (lists.Count == 0)
            return unknown;
        DateTimeOffset until = lists.Select(list => list.NextUpdate).Where(next => next > now.UtcDateTime)
            .Select(next => new DateTimeOffset(next!.Value, TimeSpan.Zero)).DefaultIfEmpty(now.AddMinutes(1)).Min();
        CertificationPathVerdict verdict = new CertificationPathValidation(new(now) { Crls = lists }, []).Validate([certificate, issuer]);
        return verdict.Problem switch
        {
            null => new(RevocationState.Good, "is not revoked", until),
            CertificationPathProblem.Revoked => new(RevocationState.Revoked, verdict.Reason!, until),
            _ => unknown,
        };
    }

    /// <summary>Lists, and what was found in them: what a look into older ones finds late cannot stand beside newer ones.</summary>
    private sealed class Lists(IReadOnlyList<X509Crl> all)
    {
        public IReadOnlyList<X509Crl> All => all;

        public ConcurrentDictionary<(string Certificate, string IssuersKey), RevocationStatus> Found { get; } = [];
    }
}

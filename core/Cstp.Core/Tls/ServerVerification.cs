using System.Net;

namespace Cstp.Core.Tls;

/// <summary>What verification found about a server.</summary>
internal enum VerdictKind
{
    /// <summary>Nobody asked.</summary>
    NotAsked,

    /// <summary>It is the server.</summary>
    Held,

    /// <summary>It is not, or does not prove it.</summary>
    Failed,

    /// <summary>There is nothing to verify it by: no name, no pin, no records.</summary>
    Absent,

    /// <summary>It cannot be found out now.</summary>
    Unavailable,
}

/// <summary>A result, and what follows from it.</summary>
/// <param name="Result">What was found.</param>
/// <param name="Problem">Why it does not hold; null where it does, or nobody asked.</param>
/// <param name="Refusal">Why no mail may go there; null where it may.</param>
internal sealed record ServerVerdict(VerdictKind Result, string? Problem, string? Refusal);

/// <summary>Verifies servers, and says what TLS must be there for mail to go to them. Safe for all threads.</summary>
/// <param name="tlsa">Finds TLSA records; null where no resolver is configured.</param>
internal sealed class ServerVerification(TlsaLookup? tlsa)
{
    /// <summary>For all questions about one name; the client waits.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Judges a server by what is known without any recipient.</summary>
    /// <param name="rule">What holds for it.</param>
    /// <param name="server">Its address.</param>
    /// <param name="peer">What it showed; null where there is no TLS.</param>
    /// <param name="failure">Why there is none.</param>
    /// <param name="cancel">Ends the look-ups.</param>
    public async Task<ServerVerdict> JudgeAsync(TlsRule rule, IPEndPoint server, TlsPeer? peer, string? failure, CancellationToken cancel)
    {
        bool required = rule.Policy == TlsPolicy.Required;
        if (rule is { Policy: TlsPolicy.None } or { Verify: TlsVerification.None })
            return new(VerdictKind.NotAsked, null, required && peer is null ? failure : null);
        if (rule.Verify == TlsVerification.Dane)
        {
            // Without a configured name the recipients tell which records hold.
            if (rule.Name is null)
                return new(VerdictKind.NotAsked, null, required && peer is null ? failure : null);
            return await JudgeByRecordsAsync(ended => tlsa!.ForNameAsync(rule.Name, server.Port, ended), required, peer, failure, cancel);
        }
        if (peer is null)
            return new(VerdictKind.Failed, failure, required ? failure : null);
        (VerdictKind result, string? problem) = rule.Verify == TlsVerification.Pin ? JudgePin(rule, peer) : JudgePath(rule, peer);
        return new(result, problem, required ? problem : null);
    }

    /// <summary>Judges a server for a recipient's domain.</summary>
    /// <param name="rule">What holds for it.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="server">Its address.</param>
    /// <param name="peer">What it showed; null where there is no TLS.</param>
    /// <param name="failure">Why there is none.</param>
    /// <param name="cancel">Ends the look-ups.</param>
    /// <returns>Null where recipients change nothing.</returns>
    public async Task<ServerVerdict?> JudgeForAsync(TlsRule rule, string domain, IPEndPoint server, TlsPeer? peer, string? failure, CancellationToken cancel)
    {
        if (rule is not { Verify: TlsVerification.Dane, Name: null } || rule.Policy == TlsPolicy.None)
            return null;
        // An address literal has no MX hosts.
        return await JudgeByRecordsAsync(
            ended => HostName.IsValid(domain) ? tlsa!.ForRecipientsAsync(domain, server, ended) : Task.FromResult<TlsaRecords?>(null), rule.Policy == TlsPolicy.Required, peer, failure, cancel);
    }

    private static async Task<ServerVerdict> JudgeByRecordsAsync(Func<CancellationToken, Task<TlsaRecords?>> find, bool required, TlsPeer? peer, string? failure, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(s_patience);
        TlsaRecords? records;
        try
        {
            records = await find(patience.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            string late = $"the resolver did not answer within {s_patience.TotalSeconds} s";
            return new(VerdictKind.Unavailable, late, late);
        }
        catch (DnsUnavailableException e)
        {
            return new(VerdictKind.Unavailable, e.Message, e.Message);
        }
        if (records is null)
        {
            const string None = "DNSSEC secures no TLSA records of this server";
            return new(VerdictKind.Absent, None, required ? None : null);
        }
        if (peer is null)
        {
            string refusal = $"TLSA records of {records.BaseDomain} ask for TLS: {failure}";
            return new(VerdictKind.Failed, refusal, refusal);
        }
        if (!records.AreUsable)
        {
            string unusable = $"no TLSA record of {records.BaseDomain} can be used";
            return new(VerdictKind.Absent, unusable, required ? unusable : null);
        }
        if (records.Allow(peer))
            return new(VerdictKind.Held, null, null);
        string other = $"the certificate is not the one that TLSA records of {records.BaseDomain} name";
        return new(VerdictKind.Failed, other, other);
    }

    private static (VerdictKind Result, string? Problem) JudgePin(TlsRule rule, TlsPeer peer) =>
        rule.Pins.Count == 0 ? (VerdictKind.Absent, "no pins are configured for this server in [tls] destinations")
        : TlsPin.Matches(TlsPeer.PublicKeyOf(peer.Certificate), rule.Pins) ? (VerdictKind.Held, null)
        : (VerdictKind.Failed, "its key is not a pinned one");

    private static (VerdictKind Result, string? Problem) JudgePath(TlsRule rule, TlsPeer peer) =>
        rule.Name is null ? (VerdictKind.Absent, "no name is configured for this server in [tls] destinations")
        : peer.PathProblem is { } problem ? (VerdictKind.Failed, $"no path to a trust anchor ({problem})")
        : !peer.Bears(rule.Name) ? (VerdictKind.Failed, $"its certificate is not for {rule.Name}")
        : (VerdictKind.Held, null);
}

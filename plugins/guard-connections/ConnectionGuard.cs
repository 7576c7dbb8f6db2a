using System.Collections.Concurrent;
using System.Net;
using Cstp.Abstractions;
using Microsoft.Extensions.Logging;

namespace Cstp.GuardConnections;

/// <summary>
/// Limits what clients and networks may do, turns away those that are denied, and slows those that behave like senders of spam,
/// all before there is any content.
/// </summary>
/// <remarks>
/// Where a client is slowed or refused at its connection, the server is not connected to. Nothing of a message is looked at.
/// </remarks>
public sealed class ConnectionGuard : ISmtpInterceptor, IDisposable
{
    private static readonly ValueTask<InterceptorVerdict> s_pass = ValueTask.FromResult(InterceptorVerdict.Pass);

    private readonly GuardSettings _settings;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly IPNetwork[] _allowed;
    private readonly IPNetwork[] _denied;
    private readonly string[] _ownNames;
    private readonly ClientLedger _ledger;
    private readonly TarPit _tarPit;
    private readonly GuardMetrics _metrics;
    private readonly ConcurrentDictionary<ISmtpSessionInfo, GuardedSession> _sessions = new(ReferenceEqualityComparer.Instance);
    private readonly ValueTask<InterceptorVerdict> _slow;

    /// <summary>Makes the guard.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="logger">The log.</param>
    /// <param name="time">The clock.</param>
    public ConnectionGuard(GuardSettings settings, ILogger<ConnectionGuard> logger, TimeProvider time)
    {
        _settings = settings;
        _logger = logger;
        _time = time;
        _allowed = Networks(settings.Allow);
        _denied = Networks(settings.Deny);
        _ownNames = [.. settings.OwnNames.Select(name => Mailbox.TryParseDomain(name, out string? domain) ? domain : throw new ArgumentException($"'{name}' is no domain", nameof(settings)))];
        _ledger = new ClientLedger(settings, time);
        _tarPit = new TarPit(settings.MaxSlowed);
        _metrics = new GuardMetrics(_ledger, _tarPit);
        _slow = ValueTask.FromResult<InterceptorVerdict>(new InterceptorVerdict.Delay(settings.SlowDelay));
    }

    /// <summary>Clients and networks that are remembered.</summary>
    internal ClientLedger Ledger => _ledger;

    /// <summary>Those that are slowed.</summary>
    internal TarPit TarPit => _tarPit;

    /// <summary>Sessions that are guarded.</summary>
    internal int Sessions => _sessions.Count;

    /// <inheritdoc/>
    public ValueTask<InterceptorVerdict> DecideAsync(ISmtpSessionInfo session, SmtpEvent about, CancellationToken cancel)
    {
        if (about is SmtpEvent.Connected)
            return DecideConnectedAsync(session, cancel);
        if (about is SmtpEvent.Message || !_sessions.TryGetValue(session, out GuardedSession? guarded))
            return s_pass;
        LeaveTarPit(guarded);
        if (_ledger.TooManyErrors(guarded.Account) is { } errors)
            return Refuse(Answer(session, guarded.Address, errors));
        InterceptorVerdict.Refuse? refusal = about switch
        {
            SmtpEvent.Hello hello => DecideHello(session, guarded, hello.Name),
            SmtpEvent.Mail => DecideRate(session, guarded, Measure.Messages),
            SmtpEvent.Recipient => DecideRecipient(session, guarded),
            _ => null,
        };
        return refusal is null ? SlowSuspect(session, guarded) : Refuse(refusal);
    }

    /// <inheritdoc/>
    public void Observe(ISmtpSessionInfo session, SmtpEvent happened)
    {
        if (!_sessions.TryGetValue(session, out GuardedSession? guarded))
            return;
        LeaveTarPit(guarded);
        switch (happened)
        {
            // What was refused here counts no further: a limit would feed itself.
            case SmtpEvent.Replied { Verb: "RCPT", IsFromServer: true } recipient when recipient.Code / 100 is 2 or 5:
                if (_ledger.CountRecipient(guarded.Account, recipient.Code / 100 == 2) && _settings.Harvest != SignAction.Off)
                    See(session, guarded, "harvest", _settings.Harvest, "the server knows few of its recipients");
                break;
            case SmtpEvent.Replied { Code: >= 500, Verb: not "RCPT" }:
                _ledger.CountError(guarded.Account);
                break;
            case SmtpEvent.Answered { Code: >= 200 and < 300 }:
                _ledger.Deliver(guarded.Account);
                break;
            case SmtpEvent.Closed:
                _sessions.TryRemove(session, out _);
                _ledger.Close(guarded.Account);
                break;
        }
    }

    /// <summary>Ends the counting.</summary>
    public void Dispose() => _metrics.Dispose();

    private ValueTask<InterceptorVerdict> DecideConnectedAsync(ISmtpSessionInfo session, CancellationToken cancel)
    {
        if (!_settings.Guard.Contains(session.Side) || AddressOf(session.Client) is not { } address || Contains(_allowed, address))
            return s_pass;
        if (Contains(_denied, address))
        {
            GuardLog.Denied(_logger, session.Id, address);
            _metrics.Refused("denied");
            return _settings.Denied == DeniedAnswer.Drop
                ? ValueTask.FromResult<InterceptorVerdict>(new InterceptorVerdict.Drop())
                : Refuse(new(new Reply(554, "5.7.1", $"Mail from {address} is not accepted here; ask the administrator of this domain")));
        }
        if (_ledger.Open(address, out Breach? breach) is not { } account)
            return Refuse(Answer(session, address, breach!));
        var guarded = new GuardedSession(address, account);
        _sessions[session] = guarded;
        return _ledger.IsSuspect(account) ? SlowSuspect(session, guarded)
            : _settings.GreetDelay > TimeSpan.Zero && !_ledger.HasDelivered(account) ? DelayGreetingAsync(session, guarded, cancel)
            : DecideGreeting(session, guarded);
    }

    /// <summary>Waits here instead of asking for a delay: only afterwards it is known whether the client waited, too.</summary>
    private async ValueTask<InterceptorVerdict> DelayGreetingAsync(ISmtpSessionInfo session, GuardedSession guarded, CancellationToken cancel)
    {
        await Task.Delay(_settings.GreetDelay, _time, cancel);
        return await DecideGreeting(session, guarded);
    }

    private ValueTask<InterceptorVerdict> DecideGreeting(ISmtpSessionInfo session, GuardedSession guarded) =>
        JudgeEarlyTalker(session, guarded) is { } refusal ? Refuse(refusal) : SlowSuspect(session, guarded);

    private InterceptorVerdict.Refuse? DecideHello(ISmtpSessionInfo session, GuardedSession guarded, string name)
    {
        if (JudgeEarlyTalker(session, guarded) is { } early)
            return early;
        (string sign, SignAction action) = HelloName.Judge(name, guarded.Address, AddressOf(session.Server), _ownNames) switch
        {
            HelloVerdict.Forged => ("hello-forged", _settings.HelloForged),
            HelloVerdict.Invalid => ("hello-invalid", _settings.HelloInvalid),
            _ => ("", SignAction.Off),
        };
        if (action == SignAction.Off)
            return null;
        See(session, guarded, sign, action, $"it calls itself {Escape(name)}");
        return action == SignAction.Refuse
            ? RefuseFor(sign, new Reply(550, "5.7.1", "The name in EHLO or HELO is not yours; give your own fully-qualified domain or [address] (RFC 5321 4.1.1.1)"))
            : null;
    }

    private InterceptorVerdict.Refuse? JudgeEarlyTalker(ISmtpSessionInfo session, GuardedSession guarded)
    {
        if (_settings.EarlyTalker == SignAction.Off || guarded.IsKnownEarly || !session.SpokeBeforeGreeting)
            return null;
        guarded.IsKnownEarly = true;
        See(session, guarded, "early-talker", _settings.EarlyTalker, "it spoke before it was greeted");
        return _settings.EarlyTalker == SignAction.Refuse
            ? RefuseFor("early-talker", new Reply(554, "5.5.1", "You spoke before the greeting; wait for it (RFC 5321 3.1)"))
            : null;
    }

    private InterceptorVerdict.Refuse? DecideRate(ISmtpSessionInfo session, GuardedSession guarded, Measure measure) =>
        _ledger.TryCount(guarded.Account, measure) is { } breach ? Answer(session, guarded.Address, breach) : null;

    private InterceptorVerdict.Refuse? DecideRecipient(ISmtpSessionInfo session, GuardedSession guarded) => _ledger.RefusesRecipients(guarded.Account)
        ? RefuseFor("harvest", new Reply(450, "4.7.1", "Too many of your recipients are unknown here; clean your list and try again later"))
        : DecideRate(session, guarded, Measure.Recipients);

    private ValueTask<InterceptorVerdict> SlowSuspect(ISmtpSessionInfo session, GuardedSession guarded)
    {
        if (!_ledger.IsSuspect(guarded.Account))
            return s_pass;
        if (_tarPit.TryEnter())
        {
            guarded.IsSlowed = true;
            return _slow;
        }
        if (_ledger.TakeNews(guarded.Account))
            GuardLog.TarPitFull(_logger, session.Id, guarded.Address, _settings.MaxSlowed);
        return Refuse(RefuseFor("tar-pit-full", new Reply(421, "4.7.0", "Your network is slowed for what it did, and too many are slowed now; try again later")));
    }

    private void LeaveTarPit(GuardedSession guarded)
    {
        if (!guarded.IsSlowed)
            return;
        guarded.IsSlowed = false;
        _tarPit.Leave();
    }

    private void See(ISmtpSessionInfo session, GuardedSession guarded, string sign, SignAction action, string detail)
    {
        _metrics.Saw(sign);
        if (_ledger.TakeNews(guarded.Account))
            GuardLog.SignSeen(_logger, session.Id, guarded.Address, sign, action.ToString().ToLowerInvariant(), detail);
        if (action == SignAction.Slow)
            _ledger.Suspect(guarded.Account);
        if (action == SignAction.Refuse && sign == "harvest")
            _ledger.RefuseRecipients(guarded.Account);
    }

    private InterceptorVerdict.Refuse Answer(ISmtpSessionInfo session, IPAddress address, Breach breach)
    {
        string measure = breach.Measure switch
        {
            Measure.Sessions => "sessions at once",
            Measure.Connections => "connections a minute",
            Measure.Messages => "messages a minute",
            Measure.Recipients => "recipients a minute",
            _ => "errors a minute",
        };
        if (breach.IsNews)
            GuardLog.LimitReached(_logger, session.Id, address, breach.By.ToString(), breach.Limit, measure);
        int code = breach.Measure is Measure.Messages or Measure.Recipients ? 450 : 421;
        return RefuseFor(breach.Measure.ToString().ToLowerInvariant(), new Reply(code, "4.7.0", $"Too many {measure} from {breach.By}; slow down and try again later"));
    }

    private InterceptorVerdict.Refuse RefuseFor(string cause, Reply reply)
    {
        _metrics.Refused(cause);
        return new InterceptorVerdict.Refuse(reply);
    }

    private static ValueTask<InterceptorVerdict> Refuse(InterceptorVerdict.Refuse refusal) => ValueTask.FromResult<InterceptorVerdict>(refusal);

    private static IPNetwork[] Networks(List<string> texts) =>
        [.. texts.Select(text => GuardSettings.TryParseNetwork(text, out IPNetwork network) ? network : throw new FormatException($"'{text}' is no network"))];

    private static bool Contains(IPNetwork[] networks, IPAddress address)
    {
        foreach (IPNetwork network in networks)
        {
            if (network.Contains(address))
                return true;
        }
        return false;
    }

    private static IPAddress? AddressOf(EndPoint endPoint) =>
        endPoint is IPEndPoint { Address: { } address } ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address : null;

    /// <summary>What a peer said, for the log: printable ASCII, and not much of it.</summary>
    private static string Escape(string text) => new([.. text.Take(100).Select(c => c is > ' ' and <= '~' ? c : '?')]);
}

using Cstp.Core.Diagnostics;
using Cstp.Core.Ledger;
using Cstp.Core.Mime;
using Cstp.Core.Plugins;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Smime;
using Cstp.Core.Smtp;
using Cstp.Core.Store;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Core;

/// <summary>The settings of a box, all validated.</summary>
/// <param name="Box">Section <c>[box]</c>.</param>
/// <param name="Securing">Section <c>[securing]</c>.</param>
/// <param name="Smtp">Section <c>[smtp]</c>.</param>
/// <param name="Spool">Section <c>[spool]</c>.</param>
/// <param name="Relay">Section <c>[relay]</c>.</param>
/// <param name="Store">Section <c>[store]</c>.</param>
/// <param name="Tls">Section <c>[tls]</c>; paths are absolute.</param>
internal sealed record BoxSettings(BoxOptions Box, SecuringOptions Securing, SmtpOptions Smtp, SpoolOptions Spool, RelayOptions Relay, StoreOptions Store, TlsOptions Tls);

/// <summary>One box: the stations of a message's way, put together.</summary>
internal sealed class Box : IDisposable
{
    /// <summary>Puts a box together.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="modules">The modules that the configuration selects.</param>
    /// <param name="trust">The store as it stands.</param>
    /// <param name="database">Where the ledger and what is learned about servers are kept.</param>
    /// <param name="collect">Keeps a certificate that mail brought.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    public Box(
        BoxSettings settings,
        SelectedModules modules,
        Func<TrustSnapshot> trust,
        SqliteFile database,
        CertificateCollection collect,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        Metrics = new CstpMetrics();
        Spool = new Spool(settings.Spool);
        Results = new AuthenticationResults(settings.Box.EffectiveAuthservId);
        var opening = new Opening(modules.Crypto, settings.Securing, Results, settings.Smtp.MaxHeader);
        ILogger securing = loggers.CreateLogger("Cstp.Securing");
        var rules = new ProtectionRules(settings.Securing);
        Inbound = new InboundOpening(opening, Results, rules, trust, collect, Metrics, securing);
        string name = settings.Relay.Hello ?? settings.Box.EffectiveAuthservId;
        var report = new NonDeliveryReport(settings.Box.Name, name, settings.Securing.OuterSubject, time);
        var outbound = new OutboundSecuring(new Sealing(modules.Crypto), trust, report, settings.Securing, Metrics, time, securing);
        Security = new MessageSecurity(settings.Box, modules.Policy, outbound, Inbound, trust, modules.Crypto.Capabilities, rules, securing);
        ILogger ledger = loggers.CreateLogger("Cstp.Ledger");
        Ledger = new DeliveryLedger(database, settings.Store.LedgerLifetime, time, ledger);
        Routes = new LearnedRoutes(database, settings.Relay.Remember, time, ledger);
        HasRelay = settings.Relay.Server is not null;
        Relay? relay = settings.Relay.Server is { } server && RelayServer.TryParse(server, out RelayServer? parsed) ? new Relay(parsed, name, settings.Smtp, CredentialsOf(settings.Relay)) : null;
        Proxy = new SmtpProxy(new SmtpServices(
            settings.Smtp,
            modules.Network,
            Security,
            [.. modules.Interceptors.Select(i => new NamedInterceptor(i.Name, i.Interceptor))],
            Spool,
            Ledger,
            Routes,
            relay,
            Metrics,
            settings.Smtp.Starttls == StartTlsHandling.Terminate ? TlsTermination.Open(settings.Tls, time, loggers.CreateLogger("Cstp.Tls")) : null,
            time,
            loggers.CreateLogger("Cstp.Smtp")));
    }

    /// <summary>The Authentication-Results field of this box.</summary>
    public AuthenticationResults Results { get; }

    /// <summary>Decides what becomes of messages.</summary>
    public MessageSecurity Security { get; }

    /// <summary>Opens messages.</summary>
    public InboundOpening Inbound { get; }

    /// <summary>Who has a message that others are still waiting for.</summary>
    public DeliveryLedger Ledger { get; }

    /// <summary>What was learned about servers.</summary>
    public LearnedRoutes Routes { get; }

    /// <summary>Whether there is a way for what cannot go to a client's own server.</summary>
    public bool HasRelay { get; }

    /// <summary>Holds messages.</summary>
    public Spool Spool { get; }

    /// <summary>Counts.</summary>
    public CstpMetrics Metrics { get; }

    /// <summary>The listeners and sessions; not started yet.</summary>
    public SmtpProxy Proxy { get; }

    private static RelayCredentials? CredentialsOf(RelayOptions relay) =>
        relay is { User: { } user, PasswordFile: { } file } ? new RelayCredentials(user, SecretFile.RelayPassword.Read(file)) : null;

    /// <summary>Ends the counting.</summary>
    public void Dispose() => Metrics.Dispose();
}

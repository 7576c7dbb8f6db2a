using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Ledger;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Tls;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Smtp;

/// <summary>What all sessions share.</summary>
/// <param name="Options">Section <c>[smtp]</c>.</param>
/// <param name="Network">Connects to servers.</param>
/// <param name="Security">Decides what becomes of messages.</param>
/// <param name="Interceptors">In their order.</param>
/// <param name="Spool">Holds messages.</param>
/// <param name="Ledger">Who has a message that others are still waiting for.</param>
/// <param name="Routes">What was learned about servers.</param>
/// <param name="Relay">The way for what cannot go to the client's server; null for none.</param>
/// <param name="Metrics">Counts.</param>
/// <param name="Tls">Terminates TLS; null where the box does not.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log.</param>
internal sealed record SmtpServices(
    SmtpOptions Options,
    INetworkMode Network,
    MessageSecurity Security,
    IReadOnlyList<NamedInterceptor> Interceptors,
    Spool Spool,
    DeliveryLedger Ledger,
    LearnedRoutes Routes,
    Relay? Relay,
    CstpMetrics Metrics,
    TlsTermination? Tls,
    TimeProvider Time,
    ILogger Logger);

/// <summary>An interceptor and its module's name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Interceptor">The module.</param>
internal sealed record NamedInterceptor(string Name, ISmtpInterceptor Interceptor);

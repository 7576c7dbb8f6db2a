using Cstp.Core.Mime;
using Cstp.Core.Plugins;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;
using Cstp.Core.Store;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;

namespace Cstp.Host.Configuration;

/// <summary>The configuration file as a whole; each property is a section. The sections <c>[module.NAME]</c> belong to the modules.</summary>
internal sealed record CstpSettings
{
    /// <summary>Who this box is.</summary>
    public required BoxOptions Box { get; init; }

    /// <summary>Which modules run.</summary>
    public required ModulesOptions Modules { get; init; }

    /// <summary>Where plugins are.</summary>
    public PluginsOptions Plugins { get; init; } = new();

    /// <summary>Where certificates and keys are.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>What is trusted by itself, and when a certificate's end is told of.</summary>
    public TrustOptions Trust { get; init; } = new();

    /// <summary>How revocation is looked up.</summary>
    public RevocationOptions Revocation { get; init; } = new();

    /// <summary>How messages are secured.</summary>
    public SecuringOptions Securing { get; init; } = new();

    /// <summary>SMTP.</summary>
    public SmtpOptions Smtp { get; init; } = new();

    /// <summary>TLS, where the box terminates it.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>Where incoming messages wait.</summary>
    public SpoolOptions Spool { get; init; } = new();

    /// <summary>By which way parts of a message go that cannot go to the client's own server.</summary>
    public RelayOptions Relay { get; init; } = new();

    /// <summary>The log.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>The metrics.</summary>
    public MetricsOptions Metrics { get; init; } = new();
}

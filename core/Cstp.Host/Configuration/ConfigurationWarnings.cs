using System.Net;
using Cstp.Core.Smtp;
using Cstp.Core.Tls;

namespace Cstp.Host.Configuration;

/// <summary>What an administrator should know of his configuration though nothing is wrong with it.</summary>
internal static class ConfigurationWarnings
{
    /// <summary>All of them.</summary>
    /// <param name="configuration">The configuration.</param>
    public static IEnumerable<string> Of(LoadedConfiguration configuration)
    {
        string file = configuration.File;
        HashSet<string> selected = [.. configuration.Settings.Modules.Names];
        foreach (string module in configuration.ModuleSections.Where(module => !selected.Contains(module)))
            yield return $"{file}: [module.{module}] is not read, since no such module is selected; {NearestWord.Hint(module, selected)}";
        foreach (string folder in configuration.Settings.Plugins.Folders.Where(folder => !Directory.Exists(folder)))
            yield return $"{file}: [plugins] folders: {folder} is not there. Make it or take it out.";
        foreach (string warning in OfTls(configuration.Settings.Smtp.Starttls, configuration.Settings.Tls))
            yield return $"{file}: {warning}";
    }

    private static IEnumerable<string> OfTls(StartTlsHandling handling, TlsOptions tls)
    {
        if (handling == StartTlsHandling.Hide)
            yield return "[smtp] starttls = \"hide\": mail crosses the box without TLS. Senders that insist on it (DANE, RFC 7672; MTA-STS, RFC 8461) will defer.";
        if (handling == StartTlsHandling.Pass)
            yield return "[smtp] starttls = \"pass\": sessions that begin TLS go by unseen, neither secured nor opened.";
        if (handling != StartTlsHandling.Terminate)
            yield break;
        if (tls.Server == TlsPolicy.Opportunistic && tls.Verify is TlsVerification.Pkix or TlsVerification.Pin)
            yield return "[tls] verify is asked for and server is \"opportunistic\": what does not hold is logged and counted, and mail goes there all the same. server = \"required\" refuses.";
        if (tls is { Server: TlsPolicy.Required, Verify: TlsVerification.Pkix or TlsVerification.Pin })
            yield return "[tls] server = \"required\" with verify by pkix or pin: mail goes only to servers that [[tls.destinations]] gives a name or pins; all else is answered 451.";
        if (tls is { Server: TlsPolicy.Required, Verify: TlsVerification.None })
            yield return "[tls] server = \"required\" with verify = \"none\": mail is never sent in clear, but to whoever stands in the wire.";
        if (tls is { Client: TlsPolicy.Required, OfferWithoutServer: false, Server: not TlsPolicy.Required })
            yield return "[tls] client = \"required\": mail to servers that have no TLS, which their clients are then not offered either, is answered 451.";
        if (tls.Resolver is { } resolver && !IPAddress.IsLoopback(resolver.Address))
            yield return $"[tls] resolver {resolver}: its word about DNSSEC is believed; whoever stands between it and this machine can forge it. Run one on this machine.";
    }
}

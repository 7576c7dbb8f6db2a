using System.CommandLine;
using System.Globalization;
using Cstp.Core.Ledger;
using Cstp.Core.Store;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp store routes</c>: what was learned about servers.</summary>
internal static class RoutesCommand
{
    private static readonly Option<bool> s_clear = new("--clear") { Description = "Forget it; a running box tries again within a second." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var routes = new Command("routes", "Servers that take no second connection, so that parts of messages go through the relay.") { s_clear, CommonOptions.Json };
        StoreCommand.SetAction(routes, Run);
        return new Command("store", "What the box keeps besides certificates and keys.") { routes };
    }

    private static int Run(ParseResult parsed, CstpSettings settings, TrustStore store, CommandOutput output)
    {
        var learned = new LearnedRoutes(store.Database, settings.Relay.Remember, TimeProvider.System, NullLogger.Instance);
        LearnedRoute[] all = [.. learned.All];
        if (parsed.GetValue(s_clear))
        {
            learned.Clear();
            output.Notice($"{all.Length} forgotten");
            all = [];
        }
        if (output.IsJson)
            output.Json(new { Routes = all });
        else if (all.Length > 0)
            output.Table(["server", "until", "what it said"], all.Select(route => new[] { route.Destination, route.Expires.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), route.Reason }));
        return ExitStatus.Done;
    }
}

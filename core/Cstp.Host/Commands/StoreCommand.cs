using System.CommandLine;
using Cstp.Core.Store;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary>What all commands about certificates and keys have in common: an open store.</summary>
internal static class StoreCommand
{
    /// <summary>Gives a command an action that works on the configured store.</summary>
    /// <param name="command">The command.</param>
    /// <param name="action">The action; answers the exit status.</param>
    public static void SetAction(Command command, Func<ParseResult, CstpSettings, TrustStore, CommandOutput, int> action) => command.SetAction(async (parsed, _) =>
    {
        CstpSettings settings = CommonOptions.ReadSettings(parsed);
        await using TrustStore store = BoxRuntime.OpenStore(settings, TimeProvider.System, NullLoggerFactory.Instance);
        return action(parsed, settings, store, new CommandOutput(parsed));
    });
}

using Cstp.Core.Smtp;

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
        if (configuration.Settings.Smtp.Starttls == StartTlsHandling.Hide)
            yield return $"{file}: [smtp] starttls = \"hide\": mail crosses the box without TLS. Senders that insist on it (DANE, RFC 7672; MTA-STS, RFC 8461) will defer.";
        else
            yield return $"{file}: [smtp] starttls = \"pass\": sessions that begin TLS go by unseen, neither secured nor opened.";
    }
}

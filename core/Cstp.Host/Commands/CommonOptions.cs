using System.CommandLine;
using System.CommandLine.Parsing;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary>Options that several commands take, with their checks.</summary>
internal static class CommonOptions
{
    private static readonly Dictionary<string, KeyKind> KeyKinds = Enum.GetValues<KeyKind>().ToDictionary(kind => kind.ToString().ToLowerInvariant());

    /// <summary>The configuration file; on every command.</summary>
    public static Option<string?> Config { get; } = new("--config")
    {
        Description = "The configuration file (default: $CSTP_CONFIG, ./cstp.toml, /etc/cstp/cstp.toml).",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>JSON instead of words.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document." };

    /// <summary>A file with a password.</summary>
    public static Option<string?> PasswordFile { get; } = new("--password-file") { Description = "A file whose first line is the password of FILE.", HelpName = "FILE" };

    /// <summary>The kind of a new key.</summary>
    public static Option<KeyKind> Key { get; } = KeyOption();

    /// <summary>The configuration that a command line means.</summary>
    /// <param name="parsed">The command line.</param>
    public static LoadedConfiguration ReadConfiguration(ParseResult parsed) => LoadedConfiguration.Read(ConfigurationLocation.Find(parsed.GetValue(Config)));

    /// <summary>The settings that a command line means, all of them right but for those of modules.</summary>
    /// <param name="parsed">The command line.</param>
    /// <exception cref="ConfigurationException">There are mistakes.</exception>
    public static CstpSettings ReadSettings(ParseResult parsed)
    {
        LoadedConfiguration configuration = ReadConfiguration(parsed);
        return configuration.Mistakes.Count == 0 ? configuration.Settings : throw new ConfigurationException(configuration.Mistakes.Lines);
    }

    /// <summary>An option that takes a mail address.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it does.</param>
    public static Option<Mailbox?> Address(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ADDRESS",
        CustomParser = result => Mailbox.TryParse(Single(result), out Mailbox? mailbox) ? mailbox : Wrong<Mailbox>(result, $"{name}: '{Single(result)}' is no mail address"),
    };

    /// <summary>An option that takes a domain.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">What it does.</param>
    public static Option<string?> Domain(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DOMAIN",
        CustomParser = result => Mailbox.TryParseDomain(Single(result), out string? domain) ? domain : Wrong<string>(result, $"{name}: {DomainSetting.Problem(Single(result))}"),
    };

    private static Option<KeyKind> KeyOption()
    {
        var option = new Option<KeyKind>("--key")
        {
            Description = "The kind of key; ed25519, mldsa65 and mldsa87 make two, one that signs and one that is encrypted to.",
            HelpName = string.Join('|', KeyKinds.Keys),
            DefaultValueFactory = _ => KeyKind.P256,
            CustomParser = result => KeyKinds.TryGetValue(Single(result), out KeyKind kind) ? kind : Wrong<KeyKind>(result, $"--key: '{Single(result)}' is not one of {string.Join(", ", KeyKinds.Keys)}"),
        };
        option.CompletionSources.Add([.. KeyKinds.Keys]);
        return option;
    }

    private static string Single(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;

    private static T? Wrong<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }
}

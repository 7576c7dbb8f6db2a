using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Plugins;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp init</c>: makes the folder of a new box.</summary>
internal static class InitCommand
{
    private static readonly Argument<string> Folder = new("DIR") { Description = "The folder to make; nothing in it is overwritten." };
    private static readonly Option<string[]> Domains = DomainsOption();
    private static readonly Option<string?> State = new("--state") { Description = "Where certificates and keys go (default: DIR; for /etc/cstp the package's /var/lib/cstp).", HelpName = "DIR" };
    private static readonly Option<string?> Crypto = new("--crypto") { Description = "The crypto module (default: the product's best that works here).", HelpName = "NAME" };
    private static readonly Option<string> InsideListen = Address("--inside-listen", "127.0.0.1:2525", "Where local users' mail comes in.");
    private static readonly Option<string> InsideUpstream = Address("--inside-upstream", "127.0.0.1:2526", "Where it goes on to.");
    private static readonly Option<string> OutsideListen = Address("--outside-listen", "127.0.0.1:2527", "Where all other mail comes in.");
    private static readonly Option<string> OutsideUpstream = Address("--outside-upstream", "127.0.0.1:2528", "Where it goes on to.");

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("init", "Makes a folder with configuration, store, gateway key and certificate.")
        {
            Folder, Domains, State, CommonOptions.Key, Crypto, InsideListen, InsideUpstream, OutsideListen, OutsideUpstream,
        };
        command.SetAction((parsed, _) => InitAsync(parsed));
        return command;
    }

    private static async Task<int> InitAsync(ParseResult parsed)
    {
        InitialFolders folders = InitialFolders.Choose(parsed.GetRequiredValue(Folder), parsed.GetValue(State));
        string configuration = Path.Combine(folders.Configuration, ConfigurationLocation.FileName);
        StoreOptions options = folders.Store;
        if (new[] { configuration, options.File, options.PassphraseFile }.FirstOrDefault(Path.Exists) is { } present)
            throw new CommandException(ExitStatus.InputOutput, $"{present} is there already and is not overwritten. Name another folder.");

        var output = new CommandOutput(parsed);
        string crypto = await InitialModule.ChooseAsync(ModuleContract.Crypto, parsed.GetValue(Crypto), output);
        string policy = await InitialModule.ChooseAsync(ModuleContract.Policy, null, output);
        string network = await InitialModule.ChooseAsync(ModuleContract.Network, null, output);
        string[] domains = [.. parsed.GetRequiredValue(Domains).Select(DomainSetting.ToAscii)];
        var box = Mailbox.Parse($"cstpbox@{domains[0]}");
        folders.Make();
        StoreFile.CreatePrivate(options.PassphraseFile, Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n"));
        await using (TrustStore store = TrustStore.Create(options, domains, TimeProvider.System, NullLogger.Instance))
            store.AddKeys(KeyGeneration.Create(parsed.GetValue(CommonOptions.Key), box, null, DateTimeOffset.UtcNow));
        folders.HandOver();

        var initial = new InitialConfiguration(
            box, domains, crypto, policy, network, folders.Written(folders.Plugins), folders.Written(options.File), folders.Written(options.PassphraseFile),
            parsed.GetRequiredValue(InsideListen), parsed.GetRequiredValue(InsideUpstream), parsed.GetRequiredValue(OutsideListen), parsed.GetRequiredValue(OutsideUpstream));
        await File.WriteAllTextAsync(configuration, initial.Write());
        // It holds no secrets, and is read by another user than the one who wrote it.
        File.SetUnixFileMode(configuration, (UnixFileMode)0b110_100_100);
        output.Line(configuration);
        return ExitStatus.Done;
    }

    private static Option<string[]> DomainsOption()
    {
        var option = new Option<string[]>("--domain") { Description = "A local domain: mailboxes behind the box. May be given several times.", HelpName = "DOMAIN", Required = true };
        option.Validators.Add(result =>
        {
            foreach (string problem in result.Tokens.Select(token => DomainSetting.Problem(token.Value)).OfType<string>())
                result.AddError($"--domain: {problem}");
        });
        return option;
    }

    private static Option<string> Address(string name, string otherwise, string description)
    {
        var option = new Option<string>(name) { Description = description, HelpName = "HOST:PORT", DefaultValueFactory = _ => otherwise };
        option.Validators.Add(result =>
        {
            string text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : otherwise;
            bool isListener = name.EndsWith("-listen", StringComparison.Ordinal);
            bool fits = text.Contains(':', StringComparison.Ordinal) && !text.Any(c => char.IsControl(c) || c is '"' or '\\' or ' ') && (!isListener || IPEndPoint.TryParse(text, out _));
            if (!fits)
                result.AddError($"{name}: '{text}' is no {(isListener ? "address with port like 127.0.0.1:2525" : "server like mail.example.com:25")}");
        });
        return option;
    }
}

using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Plugins;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp init</c>: makes the folder of a new box.</summary>
internal static class InitCommand
{
    private const string StoreName = "cstp.db";
    private const string PassphraseName = "store.key";
    private const string PluginsName = "plugins";
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    private static readonly Argument<string> Folder = new("DIR") { Description = "The folder to make; nothing in it is overwritten." };
    private static readonly Option<string[]> Domains = DomainsOption();
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
            Folder, Domains, CommonOptions.Key, Crypto, InsideListen, InsideUpstream, OutsideListen, OutsideUpstream,
        };
        command.SetAction((parsed, _) => InitAsync(parsed));
        return command;
    }

    private static async Task<int> InitAsync(ParseResult parsed)
    {
        string folder = Path.GetFullPath(parsed.GetRequiredValue(Folder));
        string configuration = Path.Combine(folder, ConfigurationLocation.FileName);
        var options = new StoreOptions { File = Path.Combine(folder, StoreName), PassphraseFile = Path.Combine(folder, PassphraseName) };
        if (new[] { configuration, options.File, options.PassphraseFile }.FirstOrDefault(Path.Exists) is { } present)
            throw new CommandException(ExitStatus.InputOutput, $"{present} is there already and is not overwritten. Name another folder.");

        var output = new CommandOutput(parsed);
        string crypto = await InitialModule.ChooseAsync(ModuleContract.Crypto, parsed.GetValue(Crypto), output);
        string policy = await InitialModule.ChooseAsync(ModuleContract.Policy, null, output);
        string network = await InitialModule.ChooseAsync(ModuleContract.Network, null, output);
        string[] domains = parsed.GetRequiredValue(Domains);
        var box = Mailbox.Parse($"cstpbox@{domains[0]}");
        // A folder that others may write to would be refused at start-up, whatever the umask was.
        foreach (string made in new[] { folder, Path.Combine(folder, PluginsName) }.Where(made => !Directory.Exists(made)))
        {
            Directory.CreateDirectory(made);
            File.SetUnixFileMode(made, FolderMode);
        }
        StoreFile.CreatePrivate(options.PassphraseFile, Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n"));
        await using (TrustStore store = TrustStore.Create(options, domains, TimeProvider.System, NullLogger.Instance))
            store.AddKeys(KeyGeneration.Create(parsed.GetValue(CommonOptions.Key), box, null, DateTimeOffset.UtcNow));

        var initial = new InitialConfiguration(
            box, domains, crypto, policy, network,
            parsed.GetRequiredValue(InsideListen), parsed.GetRequiredValue(InsideUpstream), parsed.GetRequiredValue(OutsideListen), parsed.GetRequiredValue(OutsideUpstream));
        await File.WriteAllTextAsync(configuration, initial.Write());
        output.Line(configuration);
        return ExitStatus.Done;
    }

    private static Option<string[]> DomainsOption()
    {
        var option = new Option<string[]>("--domain") { Description = "A local domain: mailboxes behind the box. May be given several times.", HelpName = "DOMAIN", Required = true };
        option.Validators.Add(result =>
        {
            foreach (string wrong in result.Tokens.Select(token => token.Value).Where(domain => !Mailbox.IsDomain(domain)))
                result.AddError($"--domain: '{wrong}' is no domain");
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

using System.CommandLine;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary><c>cstp keys</c>: private keys of the box and of local users.</summary>
internal static class KeysCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("keys", "Private keys of the box and of local users.")
    {
        List(),
        New(),
        Csr(),
        KeysImportCommand.Create(),
        KeysExportCommand.Create(),
    };

    private static Command List()
    {
        var command = new Command("list", "Lists all keys.") { CommonOptions.Json };
        StoreCommand.SetAction(command, (_, _, store, output) =>
        {
            KeyOutput.Write(store.Current.Keys, output);
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command New()
    {
        var owner = new KeyOwnerOptions();
        var command = new Command("new", "Makes a key with a self-signed certificate; the newest signs from then on, all decrypt.") { owner.Gateway, owner.User, CommonOptions.Key, CommonOptions.Json };
        owner.AddTo(command);
        StoreCommand.SetAction(command, (parsed, settings, store, output) =>
        {
            Mailbox? user = owner.Read(parsed, settings);
            IReadOnlyList<OwnKey> keys = KeyGeneration.Create(parsed.GetValue(CommonOptions.Key), user ?? Mailbox.Parse(settings.Box.Name), user, DateTimeOffset.UtcNow);
            store.AddKeys(keys);
            KeyOutput.Write(keys, output);
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command Csr()
    {
        Argument<string> name = KeyName.Argument();
        var command = new Command("csr", "Prints a PKCS#10 request, for an authority to certify the key; its answer goes into 'cstp keys import'.") { name };
        StoreCommand.SetAction(command, (parsed, settings, store, output) =>
        {
            OwnKey key = KeyName.Find(parsed.GetRequiredValue(name), store.Current).FirstOrDefault(key => key.Signs)
                ?? throw new CommandException(ExitStatus.Data, "this key cannot sign, and a request is signed with it");
            byte[] request = CertificateIssue.Request(((Pkcs8PrivateKey)key.Identity.PrivateKey).Der.Span, key.Owner ?? Mailbox.Parse(settings.Box.Name));
            output.Raw(PemEncoding.WriteString("CERTIFICATE REQUEST", request) + "\n");
            return ExitStatus.Done;
        });
        return command;
    }
}

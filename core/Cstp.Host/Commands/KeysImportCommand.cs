using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary><c>cstp keys import</c>: keys from a file, or the certificate that an authority issued for a key of the store.</summary>
internal static class KeysImportCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "PKCS#12, PEM with key and certificate, or the certificate alone where the key is in the store already; - is standard input." };
    private static readonly KeyOwnerOptions Owner = new();

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("import", "Imports a private key with its certificate; the newest signs from then on, all decrypt.")
        {
            File, Owner.Gateway, Owner.User, CommonOptions.PasswordFile, CommonOptions.Json,
        };
        Owner.AddTo(command);
        StoreCommand.SetAction(command, Import);
        return command;
    }

    private static int Import(ParseResult parsed, CstpSettings settings, TrustStore store, CommandOutput output)
    {
        string file = parsed.GetRequiredValue(File);
        Mailbox? owner = Owner.Read(parsed, settings);
        IReadOnlyList<CmsIdentity> identities;
        try
        {
            byte[] content = FileArgument.Read(file);
            identities = CertificatesOfKnownKeys(content, store.Current);
            if (identities.Count == 0)
                identities = KeyFile.Read(content, FileArgument.ReadPassword(parsed.GetValue(CommonOptions.PasswordFile)));
        }
        catch (FormatException broken)
        {
            throw new CommandException(ExitStatus.Data, $"{file}: {broken.Message}", broken);
        }
        List<OwnKey> keys = [.. identities.Select(identity => Own(identity, owner, file))];
        store.AddKeys(keys);
        KeyOutput.Write(keys, output);
        foreach (OwnKey key in keys.Where(key => owner is not null && !CertificateFacts.Read(key.Identity.Certificate).Addresses.Contains(owner)))
            output.Notice($"certificate {key.Identity.Certificate.Fingerprint[..16]} does not name {owner}; recipients may not accept it for that address");
        return ExitStatus.Done;
    }

    private static IReadOnlyList<CmsIdentity> CertificatesOfKnownKeys(byte[] content, TrustSnapshot current)
    {
        try
        {
            return KeyFile.Pair(
                current.Keys.Select(key => key.Identity.PrivateKey).OfType<Pkcs8PrivateKey>().Select(key => key.Der.ToArray()),
                CertificateFile.Read(content));
        }
        catch (FormatException)
        {
            return [];   // PKCS#12, or broken: the next reader says what is wrong.
        }
    }

    private static OwnKey Own(CmsIdentity identity, Mailbox? owner, string file)
    {
        CertificateFacts facts = CertificateFacts.Read(identity.Certificate);
        string? noSigner = facts.WhyNoSigner(facts.NotBefore);
        bool decrypts = facts.WhyNoRecipient(facts.NotBefore) is null;
        return noSigner is null || decrypts
            ? new(identity, owner, noSigner is null, decrypts, DateTimeOffset.UtcNow)
            : throw new CommandException(ExitStatus.Data, $"{file}: certificate {identity.Certificate.Fingerprint[..16]} {noSigner}; it can neither sign nor be encrypted to");
    }
}

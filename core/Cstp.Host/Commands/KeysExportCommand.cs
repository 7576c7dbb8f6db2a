using System.CommandLine;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary><c>cstp keys export</c>: private keys into a file that only its owner may read.</summary>
internal static class KeysExportCommand
{
    private const string Pkcs12 = "pkcs12";
    private const string Pem = "pem";

    private static readonly Argument<string> Name = KeyName.Argument();
    private static readonly Option<string> Out = new("--out") { Description = "The file to make; must not be there.", HelpName = "FILE", Required = true };
    private static readonly Option<string> Format = FormatOption();

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("export", "Writes private keys with their certificates, encrypted with the password.") { Name, Out, Format, CommonOptions.PasswordFile };
        StoreCommand.SetAction(command, Export);
        return command;
    }

    private static Option<string> FormatOption() =>
        new Option<string>("--format") { Description = "PKCS#12, or PEM; PEM without password leaves the key bare.", DefaultValueFactory = _ => Pkcs12 }.AcceptOnlyFromAmong(Pkcs12, Pem);

    private static int Export(ParseResult parsed, CstpSettings settings, TrustStore store, CommandOutput output)
    {
        IReadOnlyList<CmsIdentity> identities = [.. KeyName.Find(parsed.GetRequiredValue(Name), store.Current).Select(key => key.Identity)];
        string? password = FileArgument.ReadPassword(parsed.GetValue(CommonOptions.PasswordFile));
        byte[] content = parsed.GetValue(Format) == Pem
            ? Encoding.ASCII.GetBytes(KeyFile.WritePem(identities, password))
            : KeyFile.WritePkcs12(identities, password ?? throw new CommandException(ExitStatus.Usage, "a PKCS#12 file needs a password; give --password-file"));
        string file = parsed.GetRequiredValue(Out);
        StoreFile.CreatePrivate(file, content);
        output.Line(Path.GetFullPath(file));
        return ExitStatus.Done;
    }
}

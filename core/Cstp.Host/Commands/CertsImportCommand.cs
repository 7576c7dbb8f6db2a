using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary><c>cstp certs import</c>: takes certificates of partners, boxes or authorities from a file.</summary>
internal static class CertsImportCommand
{
    private static readonly Argument<string> File = new("FILE") { Description = "PEM, DER or PKCS#7; - is standard input." };
    private static readonly Option<string?> Gateway = CommonOptions.Domain("--gateway", "The box of this domain: good for all its addresses.");
    private static readonly Option<Mailbox?> User = CommonOptions.Address("--user", "The certificate of this address.");
    private static readonly Option<bool> Authority = new("--ca") { Description = "An authority: whom it certifies is trusted for the address in the certificate." };
    private static readonly Option<bool> Crl = new("--crl") { Description = "Revocation lists of authorities that are in the store." };
    private static readonly Option<bool> Untrusted = new("--untrusted") { Description = "Keep it, to be judged later with 'cstp certs trust'." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("import", "Imports certificates, trusted unless --untrusted.") { File, Gateway, User, Authority, Crl, Untrusted, CommonOptions.Json };
        command.Validators.Add(result =>
        {
            int roles = new Option[] { Gateway, User, Authority, Crl }.Count(option => result.GetResult(option) is { Implicit: false });
            if (roles != 1)
                result.AddError("say for whom: one of --gateway DOMAIN, --user ADDRESS, --ca; or --crl for revocation lists");
        });
        StoreCommand.SetAction(command, Import);
        return command;
    }

    private static int Import(ParseResult parsed, CstpSettings settings, TrustStore store, CommandOutput output)
    {
        string file = parsed.GetRequiredValue(File);
        if (parsed.GetValue(Crl))
            return CrlImport.Run(file, store, output);
        (CertificateRole role, string subject) = parsed.GetValue(Gateway) is { } domain ? (CertificateRole.Gateway, domain)
            : parsed.GetValue(User) is { } user ? (CertificateRole.User, user.ToString())
            : (CertificateRole.Authority, "");
        TrustState state = parsed.GetValue(Untrusted) ? TrustState.Untrusted : TrustState.Trusted;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        List<StoredCertificate> entries = [.. Fitting(file, role, output).Select(facts => new StoredCertificate(facts.Certificate, role, subject, state, now, "import", []))];
        store.Import(entries);

        List<CertificateView> views = [.. entries.Select(entry => CertificateView.Of(entry, now))];
        foreach (CertificateView view in views)
        {
            if (!output.IsJson)
                output.Line($"{view.Fingerprint} {view.Role} {view.Subject} {view.State}");
            if (view.Problem is not null)
                output.Notice($"{view.Fingerprint[..16]} {view.Problem}: it is kept, but of no use now");
        }
        if (output.IsJson)
            output.Json(views);
        return ExitStatus.Done;
    }

    private static List<CertificateFacts> Fitting(string file, CertificateRole role, CommandOutput output)
    {
        List<CertificateFacts> all;
        try
        {
            all = [.. CertificateFile.Read(FileArgument.Read(file)).Select(CertificateFacts.Read)];
        }
        catch (FormatException broken)
        {
            throw new CommandException(ExitStatus.Data, $"{file}: {broken.Message}", broken);
        }
        if (all.Find(facts => facts.Subject is null) is { } unreadable)
            throw new CommandException(ExitStatus.Data, $"{file}: certificate {unreadable.Certificate.Fingerprint[..16]} is damaged");
        if (role == CertificateRole.Authority)
        {
            return all.Find(facts => !facts.IsAuthority) is { } none
                ? throw new CommandException(ExitStatus.Data, $"{file}: {none.Subject} is no authority (basicConstraints). Import it with --user or --gateway.")
                : all;
        }
        // A file often holds the whole chain. Where all call themselves authorities it is a self-signed one made without care.
        List<CertificateFacts> ends = [.. all.Where(facts => !facts.IsAuthority)];
        if (ends.Count == 0 || ends.Count == all.Count)
            return all;
        output.Notice($"{all.Count - ends.Count} authority certificates in {file} are left out; import them with --ca");
        return ends;
    }
}

using System.CommandLine;
using Cstp.Core.Store;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary><c>cstp certs</c>: the certificates of others, and the box's own for them.</summary>
internal static class CertsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("certs", "Certificates of partners, boxes and authorities.")
    {
        List(),
        Show(),
        CertsExportCommand.Create(),
        CertsImportCommand.Create(),
        CertsCheckCommand.Create(),
        RevocationLists(),
        Pending(),
        State("trust", "Trusts a certificate.", TrustState.Trusted),
        State("distrust", "Refuses a certificate, also for messages to come.", TrustState.Revoked),
        Remove(),
    };

    private static Command List()
    {
        var command = new Command("list", "Lists all certificates.") { CommonOptions.Json };
        StoreCommand.SetAction(command, (_, _, store, output) =>
        {
            List<CertificateView> views = [.. store.Current.Certificates.Select(stored => CertificateView.Of(stored, DateTimeOffset.UtcNow))];
            if (output.IsJson)
            {
                output.Json(views);
                return ExitStatus.Done;
            }
            output.Table(
                ["FINGERPRINT", "ROLE", "FOR", "STATE", "KEY", "UNTIL", "SOURCE", "PROBLEM"],
                views.Select(view => (IReadOnlyList<string>)
                    [view.Fingerprint[..16], view.Role, view.Subject, view.State, view.Key, view.NotAfter.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), view.Source, view.Problem ?? ""]));
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command Pending()
    {
        var command = new Command("pending", "Lists what mail brought and nobody has judged yet, the latest first: 'certs show', then 'certs trust' or 'certs distrust'.") { CommonOptions.Json };
        StoreCommand.SetAction(command, (_, _, store, output) =>
        {
            IReadOnlyDictionary<string, Sighting> sightings = store.Sightings();
            var pending = store.Current.Certificates.Where(stored => stored is { State: TrustState.Untrusted, Role: CertificateRole.User })
                .Select(stored => (View: CertificateView.Of(stored, DateTimeOffset.UtcNow), Again: sightings.GetValueOrDefault(stored.Certificate.Fingerprint)))
                .Select(pair => new { pair.View, Seen = 1 + (pair.Again?.Times ?? 0), LastSeen = pair.Again?.Last ?? pair.View.FirstSeen })
                .OrderByDescending(one => one.LastSeen)
                .ToList();
            if (output.IsJson)
            {
                output.Json(pending.Select(one => new { one.View.Fingerprint, one.View.Subject, one.View.Name, one.View.Issuer, one.View.Source, one.Seen, one.View.FirstSeen, one.LastSeen, one.View.Problem }));
                return ExitStatus.Done;
            }
            output.Table(
                ["FINGERPRINT", "FOR", "ISSUER", "SEEN", "FIRST", "LAST", "SOURCE", "PROBLEM"],
                pending.Select(one => (IReadOnlyList<string>)
                [
                    one.View.Fingerprint[..16], one.View.Subject, one.View.Issuer, one.Seen.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    $"{one.View.FirstSeen:yyyy-MM-dd}", $"{one.LastSeen:yyyy-MM-dd}", one.View.Source, one.View.Problem ?? "",
                ]));
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command RevocationLists()
    {
        var command = new Command("crls", "Lists the revocation lists that are kept.") { CommonOptions.Json };
        StoreCommand.SetAction(command, (_, _, store, output) =>
        {
            var views = store.Lists.Select(stored => new { View = CrlView.Of(stored.List), stored.Source, stored.Fetched }).ToList();
            if (output.IsJson)
            {
                output.Json(views.Select(list => new { list.View.Issuer, list.Source, list.Fetched, list.View.ThisUpdate, list.View.NextUpdate, list.View.Revoked }));
                return ExitStatus.Done;
            }
            output.Table(
                ["ISSUER", "SOURCE", "UNTIL", "REVOKED"],
                views.Select(list => (IReadOnlyList<string>)[list.View.Issuer, list.Source, $"{list.View.NextUpdate:u}", list.View.Revoked.ToString(System.Globalization.CultureInfo.InvariantCulture)]));
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command Show()
    {
        Argument<string> name = NamedCertificate.Argument();
        var command = new Command("show", "Shows one certificate.") { name, CommonOptions.Json };
        StoreCommand.SetAction(command, (parsed, _, store, output) =>
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            IEnumerable<CertificateView> all = store.Current.Certificates.Select(stored => CertificateView.Of(stored, now))
                .Concat(store.Current.Keys.Select(key => CertificateView.Of(key, now)));
            IReadOnlyList<CertificateView> entries = NamedCertificate.Find(parsed.GetRequiredValue(name), all, view => view.Fingerprint);
            CertificateView first = entries[0];
            string pem = CertificateFile.WritePem(store.Current.Certificates.Select(stored => stored.Certificate)
                .Concat(store.Current.Keys.Select(key => key.Identity.Certificate)).Where(certificate => certificate.Fingerprint == first.Fingerprint).Take(1));
            if (output.IsJson)
            {
                output.Json(new { first.Fingerprint, Entries = entries, Pem = pem });
                return ExitStatus.Done;
            }
            output.Line($"fingerprint  {first.Fingerprint}");
            foreach (CertificateView entry in entries)
                output.Line($"entry        {entry.Role} {entry.Subject} {entry.State}, from {entry.Source} at {entry.FirstSeen:u}");
            output.Line($"subject      {first.Name}");
            output.Line($"issuer       {first.Issuer}");
            output.Line($"serial       {first.Serial}");
            output.Line($"addresses    {string.Join(' ', first.Addresses)}");
            output.Line($"key          {first.Key}");
            output.Line($"valid        {first.NotBefore:u} to {first.NotAfter:u}");
            if (first.Problem is not null)
                output.Line($"problem      {first.Problem}");
            output.Raw(pem);
            return ExitStatus.Done;
        });
        return command;
    }

    private static Command State(string verb, string description, TrustState state)
    {
        Argument<string> name = NamedCertificate.Argument();
        var command = new Command(verb, description) { name };
        StoreCommand.SetAction(command, (parsed, _, store, output) => Change(parsed.GetRequiredValue(name), store, output, fingerprint => store.SetState(fingerprint, state)));
        return command;
    }

    private static Command Remove()
    {
        Argument<string> name = NamedCertificate.Argument();
        var command = new Command("remove", "Removes a certificate; by mail it may come again, untrusted.") { name };
        StoreCommand.SetAction(command, (parsed, _, store, output) => Change(parsed.GetRequiredValue(name), store, output, store.Remove));
        return command;
    }

    private static int Change(string named, TrustStore store, CommandOutput output, Func<string, bool> change)
    {
        StoredCertificate meant = NamedCertificate.Find(named, store.Current.Certificates, stored => stored.Certificate.Fingerprint)[0];
        change(meant.Certificate.Fingerprint);
        string now = store.Current.Certificates.FirstOrDefault(stored => stored.Certificate.Equals(meant.Certificate))?.State.ToString().ToLowerInvariant() ?? "removed";
        output.Line($"{meant.Certificate.Fingerprint} {meant.Role.ToString().ToLowerInvariant()} {meant.Subject} {now}");
        return ExitStatus.Done;
    }
}

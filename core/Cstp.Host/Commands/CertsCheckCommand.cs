using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Cstp.Core.Store;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.X509;

namespace Cstp.Host.Commands;

/// <summary><c>cstp certs check</c>: whether a certification path leads from a certificate to a trusted authority (RFC 5280 6).</summary>
internal static class CertsCheckCommand
{
    private const string ForMail = "mail";
    private const string ForAnything = "any";

    private static readonly Argument<string> s_certificate = new("CERT") { Description = "The certificate: PEM, DER or PKCS#7; - is standard input. Others in the file may be its issuers." };
    private static readonly Option<string[]> s_intermediates = Files("--intermediate", "Certificates that may stand between; given several times or several in a file.");
    private static readonly Option<string[]> s_anchors = Files("--anchor", "The trusted authorities (default: those of the store).");
    private static readonly Option<string[]> s_crls = Files("--crl", "Certificate revocation lists, PEM or DER. Where one is given, every certificate of the path must stand under one.");
    private static readonly Option<DateTimeOffset?> s_at = At();
    private static readonly Option<string[]> s_policies = Policies();
    private static readonly Option<bool> s_explicitPolicy = new("--explicit-policy") { Description = "The path must be valid for a policy: one of --policy, or any." };
    private static readonly Option<bool> s_inhibitMapping = new("--inhibit-mapping") { Description = "No policy may be mapped to another." };
    private static readonly Option<bool> s_inhibitAny = new("--inhibit-any") { Description = "The policy anyPolicy in a certificate stands for no other." };
    private static readonly Option<string> s_purpose = Purpose();

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("check", "Checks whether a certificate is valid: exit status 0, else 1.")
        {
            s_certificate, s_intermediates, s_anchors, s_crls, s_at, s_policies, s_explicitPolicy, s_inhibitMapping, s_inhibitAny, s_purpose, CommonOptions.Json,
        };
        command.SetAction(CheckAsync);
        return command;
    }

    private static async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancel)
    {
        List<CertificateFacts> given = Certificates(parsed.GetRequiredValue(s_certificate));
        List<CertificateFacts> intermediates = [.. given.Skip(1), .. (parsed.GetValue(s_intermediates) ?? []).SelectMany(Certificates)];
        List<CertificateFacts> anchors = [.. (parsed.GetValue(s_anchors) ?? []).SelectMany(Certificates)];
        if (anchors.Count == 0)
        {
            await using TrustStore store = OpenStore(parsed);
            anchors.AddRange(store.Current.Authorities);
            intermediates.AddRange(store.Current.Intermediates);
            if (anchors.Count == 0)
                throw new CommandException(ExitStatus.Configuration, "the store holds no trusted authority. Import one with 'cstp certs import FILE --ca', or name one with --anchor.");
        }
        List<X509Crl> crls = [.. (parsed.GetValue(s_crls) ?? []).SelectMany(Crls)];
        var conditions = new CertificationPathConditions(parsed.GetValue(s_at) ?? DateTimeOffset.UtcNow)
        {
            AcceptablePolicies = parsed.GetValue(s_policies) ?? [],
            RequiresPolicy = parsed.GetValue(s_explicitPolicy),
            InhibitsPolicyMapping = parsed.GetValue(s_inhibitMapping),
            InhibitsAnyPolicy = parsed.GetValue(s_inhibitAny),
            ForMail = parsed.GetValue(s_purpose) == ForMail,
            Crls = crls.Count > 0 ? crls : null,
        };
        var output = new CommandOutput(parsed);
        if (conditions.Crls is null)
            output.Notice("revocation was not looked at; give the authorities' revocation lists with --crl");
        CertificationPathVerdict verdict = Judge(given[0], anchors, intermediates, conditions);
        Write(output, verdict);
        return verdict.IsValid ? ExitStatus.Done : ExitStatus.Found;
    }

    private static CertificationPathVerdict Judge(
        CertificateFacts certificate, List<CertificateFacts> anchors, List<CertificateFacts> intermediates, CertificationPathConditions conditions) =>
        conditions.ForMail && certificate.WhyNotForMail(conditions.Time) is { } problem
            ? CertificationPathVerdict.Invalid(CertificationPathProblem.Certificate, problem, certificate, [certificate])
            : new CertificationPathSearch(anchors, intermediates, conditions).Find(certificate);

    private static void Write(CommandOutput output, CertificationPathVerdict verdict)
    {
        string? reason = verdict.Reason is null ? null : $"{verdict.At?.SubjectText ?? "the certificate"} {verdict.Reason}. {Mend(verdict.Problem)}";
        if (output.IsJson)
        {
            output.Json(new
            {
                Valid = verdict.IsValid,
                Reason = reason,
                Path = verdict.Path.Select(facts => new { facts.Certificate.Fingerprint, Subject = facts.SubjectText, Issuer = facts.IssuerText, Serial = facts.SerialNumber, facts.NotBefore, facts.NotAfter }),
                verdict.Policies,
            });
            return;
        }
        output.Line(verdict.IsValid ? "valid" : "not valid");
        if (reason is not null)
            output.Line($"reason    {reason}");
        foreach (CertificateFacts facts in verdict.Path)
            output.Line($"path      {facts.Certificate.Fingerprint[..16]} {facts.SubjectText}");
        foreach (string policy in verdict.Policies)
            output.Line($"policy    {(policy == CertificatePolicyGraph.AnyPolicy ? "any" : policy)}");
    }

    private static string Mend(CertificationPathProblem? problem) => problem switch
    {
        CertificationPathProblem.NoAuthority => "Name its authority with --anchor, and what stands between with --intermediate.",
        CertificationPathProblem.Effort => "Give only the certificates that stand between it and its authority.",
        CertificationPathProblem.Certificate => "Ask its issuer for a certificate that fits; for another time there is --at.",
        CertificationPathProblem.Names => "Ask the authority for a certificate whose names it may certify.",
        CertificationPathProblem.Policy => "Ask for other policies with --policy, or the authority for a certificate with one of them.",
        CertificationPathProblem.Revoked => "Do not use it; ask its owner for another certificate.",
        CertificationPathProblem.RevocationUnknown => "Give the current CRL of its issuer with --crl.",
        CertificationPathProblem.Rule => "Ask its issuer for a certificate that follows RFC 5280.",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "no such problem"),
    };

    private static TrustStore OpenStore(ParseResult parsed) =>
        BoxRuntime.OpenStore(CommonOptions.ReadSettings(parsed), TimeProvider.System, NullLoggerFactory.Instance);

    private static List<CertificateFacts> Certificates(string file) => Read(file, content => CertificateFile.Read(content).Select(CertificateFacts.Read).ToList());

    private static List<X509Crl> Crls(string file) => Read(file, content => CrlFile.Read(content).ToList());

    private static T Read<T>(string file, Func<byte[], T> read)
    {
        try
        {
            return read(FileArgument.Read(file));
        }
        catch (FormatException broken)
        {
            throw new CommandException(ExitStatus.Data, $"{file}: {broken.Message}", broken);
        }
    }

    private static Option<string[]> Files(string name, string description) => new(name) { Description = description, HelpName = "FILE" };

    private static Option<DateTimeOffset?> At() => new("--at")
    {
        Description = "The time at which all must be valid (default: now), as 2026-01-31 or 2026-01-31T12:00:00Z.",
        HelpName = "TIME",
        CustomParser = result =>
        {
            string text = result.Tokens[^1].Value;
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                return at;
            result.AddError($"--at: '{text}' is no time; write 2026-01-31T12:00:00Z");
            return null;
        },
    };

    private static Option<string[]> Policies()
    {
        var option = new Option<string[]>("--policy") { Description = "A certificate policy that is acceptable (default: any); may be given several times.", HelpName = "OID" };
        option.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (!DerObjectIdentifier.TryFromID(token.Value, out _))
                    result.AddError($"--policy: '{token.Value}' is no object identifier; write it as 1.2.3");
            }
        });
        return option;
    }

    private static Option<string> Purpose()
    {
        var option = new Option<string>("--purpose")
        {
            Description = "mail: key usage, extended key usage and key must be fit for mail, too (RFC 8550 4.4); any: the path alone.",
            HelpName = $"{ForAnything}|{ForMail}",
            DefaultValueFactory = _ => ForAnything,
        };
        option.AcceptOnlyFromAmong(ForAnything, ForMail);
        return option;
    }
}

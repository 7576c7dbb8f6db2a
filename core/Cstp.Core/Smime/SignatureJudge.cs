using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Trust;

namespace Cstp.Core.Smime;

/// <summary>What one signed layer is worth.</summary>
/// <param name="Verified">Whether every signature holds mathematically: only then the layer may come off.</param>
/// <param name="Trusted">Whether a trusted certificate made it, for whomever, with algorithms that count.</param>
/// <param name="ByGateway">Whether a trusted box made it.</param>
/// <param name="ForSender">Whether it was made for the From address, by a trusted user certificate or the gateway of its domain.</param>
/// <param name="Result">For Authentication-Results.</param>
/// <param name="Report">For the report.</param>
internal sealed record SignatureVerdict(bool Verified, bool Trusted, bool ByGateway, bool ForSender, SmimeResult Result, LayerReport Report);

/// <summary>Who the reader will see wrote a message.</summary>
/// <param name="From">The From address; null where there is not exactly one.</param>
/// <param name="Sender">The Sender address, or null.</param>
internal readonly record struct Author(Mailbox? From, Mailbox? Sender)
{
    /// <summary>Reads it off a header section.</summary>
    /// <param name="fields">The fields.</param>
    public static Author Of(IEnumerable<HeaderField> fields)
    {
        HeaderField[] all = [.. fields];
        return new(OuterHeader.FromOf(all), OuterHeader.SenderOf(all));
    }
}

/// <summary>Judges the signatures of one layer against the store (rule 4).</summary>
/// <param name="trust">The store as it stands.</param>
internal sealed class SignatureJudge(TrustSnapshot trust)
{
    /// <summary>Judges.</summary>
    /// <param name="layer">What was found.</param>
    /// <param name="author">Who the reader will see wrote it.</param>
    public SignatureVerdict Judge(LayerFinding.Signed layer, Author author)
    {
        string kind = layer.IsClear ? "clearSigned" : "signed";
        if (layer.Result is not VerificationResult.Checked result)
            return Unusable(kind, "neutral", ((VerificationResult.Malformed)layer.Result).Reason);
        if (result.Signers.Count == 0)
            return Unusable(kind, "none", "no signer");

        Judged[] judged = [.. result.Signers.Select(s => JudgeOne(s, result.Certificates, author))];
        bool verified = judged.All(j => j.Signer.Validity == SignatureValidity.Valid);
        // Every signature must hold and none may be revoked; one that fits From is enough, directly or as its domain's gateway.
        Judged? revoked = judged.FirstOrDefault(j => j.Standing == SignerStanding.Revoked);
        Judged shown = verified ? revoked ?? judged.MinBy(j => (j.IsWeak, j.Rank))! : judged.First(j => j.Signer.Validity != SignatureValidity.Valid);
        bool trusted = verified && revoked is null && !shown.IsWeak
            && shown.Standing is SignerStanding.TrustedUser or SignerStanding.TrustedGateway or SignerStanding.OtherGateway or SignerStanding.OtherUser;
        SignerReport[] reports = [.. judged.Select(j => j.Report)];
        string outcome = verified ? shown.Report.Result : Worst(judged);
        string? reason = outcome == "pass" ? null : shown.Reason;
        var algorithms = new Dictionary<string, string> { ["digest"] = shown.Signer.Digest, ["signature"] = shown.Signer.Signature };
        return new SignatureVerdict(
            verified && revoked is null,
            trusted,
            trusted && shown.Standing is SignerStanding.TrustedGateway or SignerStanding.OtherGateway,
            trusted && shown.Standing is SignerStanding.TrustedUser or SignerStanding.TrustedGateway,
            new SmimeResult(outcome, reason, shown.Report.Address, shown.Report.Serial, shown.Report.Issuer),
            new LayerReport(kind, outcome switch { "pass" => "verified", _ when verified && revoked is null => "untrusted", _ => "invalid" }, reason, algorithms, reports));
    }

    private static SignatureVerdict Unusable(string kind, string result, string reason) =>
        new(false, false, false, false, new SmimeResult(result, reason), new LayerReport(kind, "invalid", reason, new Dictionary<string, string>(), []));

    private Judged JudgeOne(SignerResult signer, IReadOnlyList<EncodedCertificate> carried, Author author)
    {
        (string? subject, string? issuer, string? serial) = Describe(signer.Certificate);
        if (signer.Validity != SignatureValidity.Valid || signer.Certificate is null)
        {
            string result = signer.Validity switch
            {
                SignatureValidity.CertificateMissing => "permerror",
                SignatureValidity.Unsupported or SignatureValidity.DigestMissing => "neutral",
                _ => "fail",
            };
            return new Judged(signer, null, false, signer.Reason ?? "the signature does not hold", 9, new SignerReport(null, subject, issuer, serial, result));
        }
        SignerJudgement judgement = trust.Judge(signer.Certificate, carried, author.From);
        bool weak = signer.Digest is CmsAlgorithmNames.Sha1 or CmsAlgorithmNames.Md5;
        string outcome = judgement.Standing switch
        {
            SignerStanding.Revoked => "fail",
            SignerStanding.RevocationUnknown => "temperror",
            SignerStanding.TrustedUser or SignerStanding.TrustedGateway when !weak => "pass",
            _ => "policy",
        };
        int rank = judgement.Standing switch
        {
            SignerStanding.TrustedGateway => 0,
            SignerStanding.TrustedUser => 1,
            SignerStanding.OtherGateway => 2,
            SignerStanding.OtherUser => 3,
            SignerStanding.RevocationUnknown => 4,
            SignerStanding.Untrusted => 5,
            SignerStanding.Unusable => 6,
            _ => 7,
        };
        // RFC 8550 3 lets the Sender sign; the reader is shown the From, so it is told and does not pass.
        if (judgement.Standing == SignerStanding.OtherUser && author.Sender is { } sender && trust.FactsOf(signer.Certificate).Addresses.Contains(sender))
            judgement = judgement with { Reason = "the signer is the Sender of the message, not its From", Identifier = sender.ToString() };
        string reason = weak ? $"the digest {signer.Digest} is too weak" : judgement.Reason;
        return new Judged(signer, judgement.Standing, weak, reason, rank, new SignerReport(judgement.Identifier, subject, issuer, serial, outcome));
    }

    private static string Worst(IEnumerable<Judged> judged)
    {
        string[] results = [.. judged.Where(j => j.Signer.Validity != SignatureValidity.Valid).Select(j => j.Report.Result)];
        return results.Contains("fail") ? "fail" : results.Contains("permerror") ? "permerror" : results[0];
    }

    private (string? Subject, string? Issuer, string? Serial) Describe(EncodedCertificate? certificate) =>
        certificate is not null && trust.FactsOf(certificate) is { Subject: not null } facts
            ? (facts.SubjectText, facts.IssuerText, facts.SerialNumber)
            : (null, null, null);

    private sealed record Judged(SignerResult Signer, SignerStanding? Standing, bool IsWeak, string Reason, int Rank, SignerReport Report);
}

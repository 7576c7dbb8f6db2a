using Cstp.Abstractions;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Policy;

/// <summary>One transaction that a policy is asked about.</summary>
/// <param name="Sender">The reverse-path.</param>
/// <param name="Candidates">The recipients in the order of their RCPT.</param>
/// <param name="Unencrypted">What an unencrypted message gets.</param>
/// <param name="Header">The header fields.</param>
internal sealed record Question(Mailbox? Sender, IReadOnlyList<PolicyRecipient> Candidates, Protection Unencrypted, IReadOnlyList<PolicyHeaderField> Header)
{
    private static readonly EncodedCertificate[] s_certificates = [TestIdentities.Authority, TestIdentities.P256.Certificate, TestIdentities.Rsa.Certificate];
    private static readonly string[] s_domains = ["example.test", "xn--bcher-kva.test", "a.b.c.d.e.test"];

    /// <summary>What a recipient with a certificate may require at least.</summary>
    private static readonly Protection[] s_required = [Protection.None, Protection.Signed, Protection.Encrypted, Protection.SignedEncrypted];

    /// <summary>Questions that are the same at every call.</summary>
    /// <param name="count">How many.</param>
    public static IEnumerable<Question> Generate(int count)
    {
        var random = new Random(20260);
        for (int i = 0; i < count; i++)
            yield return Next(random, random.Next(4) == 0 ? random.Next(1, 60) : random.Next(1, 6));
    }

    /// <summary>One question of many recipients.</summary>
    /// <param name="recipients">How many.</param>
    public static Question Of(int recipients) => Next(new Random(recipients), recipients);

    private static Question Next(Random random, int count)
    {
        Protection unencrypted = random.Next(2) == 0 ? Protection.None : Protection.Signed;
        int share = random.Next(5);   // Of 4: none has a certificate, some have, all have.
        var candidates = new List<PolicyRecipient>();
        for (int i = 0; i < count; i++)
        {
            // The same mailbox may be named twice.
            candidates.Add(candidates.Count > 0 && random.Next(20) == 0 ? candidates[random.Next(candidates.Count)] : Recipient(random, i, random.Next(4) < share, unencrypted));
        }
        Mailbox? sender = random.Next(10) == 0 ? null : Mailbox.Parse("sender@example.test");
        PolicyHeaderField[] header = [.. Enumerable.Range(0, random.Next(4)).Select(number => new PolicyHeaderField(number == 0 ? "Subject" : $"X-Field-{number}", new string('x', random.Next(100))))];
        return new(sender, candidates, unencrypted, header);
    }

    private static PolicyRecipient Recipient(Random random, int number, bool certified, Protection unencrypted)
    {
        var mailbox = Mailbox.Parse($"user{number}@{s_domains[random.Next(s_domains.Length)]}");
        bool mayBeWithheld = random.Next(2) == 0;
        if (!certified)
            return new(mailbox, [], random.Next(2) == 0 ? Protection.None : unencrypted) { MayBeWithheld = mayBeWithheld };
        RecipientCertificate[] certificates =
            [.. Enumerable.Range(0, random.Next(1, 4)).Select(which => new RecipientCertificate(s_certificates[which], (CertificateScope)random.Next(2)))];
        return new(mailbox, certificates, s_required[random.Next(s_required.Length)]) { MayBeWithheld = mayBeWithheld };
    }

    public override string ToString() =>
        $"{Candidates.Count} recipients, {Candidates.Count(candidate => candidate.HasCertificate)} with certificates: "
        + string.Join(", ", Candidates.Take(5).Select(candidate => $"{candidate.Mailbox}{(candidate.HasCertificate ? "+" : "-")}{candidate.Required}"));
}

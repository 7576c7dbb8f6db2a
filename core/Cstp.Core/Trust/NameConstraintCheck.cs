using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Pkix;

namespace Cstp.Core.Trust;

/// <summary>
/// Holds the names of a certification path to its name constraints (RFC 5280 4.2.1.10), those of the trusted authority included (RFC 5937 3.2), and
/// SmtpUTF8Mailbox to the constraints on rfc822Name (RFC 9598 6).
/// </summary>
internal static class NameConstraintCheck
{
    /// <summary>Names times constraints: hostile certificates of 1 MiB could ask for 10^9. The limit is libcrypto's.</summary>
    private const long MaxComparisons = 1 << 20;

    /// <summary>Looks for a name outside of the constraints.</summary>
    /// <param name="path">The certificate in question first, the trusted authority last.</param>
    public static (CertificationPathProblem Problem, string Reason, CertificateFacts At)? Find(IReadOnlyList<CertificateFacts> path)
    {
        if (!path.Any(facts => facts.NameConstraints is not null))
            return null;
        long names = path.Sum(facts => 1L + facts.Names.Count);
        long constraints = path.Sum(facts => (long)Subtrees(facts.NameConstraints?.PermittedSubtreesValue).Count + Subtrees(facts.NameConstraints?.ExcludedSubtreesValue).Count);
        // Permitted ones are intersected with each other, too.
        if ((names + constraints) * constraints > MaxComparisons)
            return (CertificationPathProblem.Effort, "has more names and name constraints in its path than are looked at", path[0]);

        var validator = new PkixNameConstraintValidator();
        for (int i = path.Count - 1; i >= 0; i--)
        {
            CertificateFacts facts = path[i];
            try
            {
                // The trusted authority's own name is given; self-issued ones below are exempt but for the last (RFC 5280 6.1.3).
                if (i < path.Count - 1 && (i == 0 || !facts.IsSelfIssued))
                    Hold(validator, facts);
                Tighten(validator, facts.NameConstraints);
            }
            catch (Exception outside) when (outside is PkixNameConstraintValidatorException || CertificationPathValidation.IsBrokenInput(outside))
            {
                return (CertificationPathProblem.Names, "has a name outside of the name constraints above it, or one that cannot be held to them", facts);
            }
        }
        return null;
    }

    private static void Hold(PkixNameConstraintValidator validator, CertificateFacts facts)
    {
        validator.CheckDN(facts.Subject!);
        foreach (string address in facts.Subject!.GetValueList(X509Name.EmailAddress))
            validator.CheckEmail(address);
        foreach (GeneralName name in facts.Names)
        {
            if (CertificateAddresses.SmtpUtf8Mailbox(name) is { } mailbox)
                validator.CheckEmail(WithALabels(mailbox));
            else
                validator.CheckName(name);
        }
    }

    private static void Tighten(PkixNameConstraintValidator validator, NameConstraints? constraints)
    {
        if (constraints?.PermittedSubtreesValue is { } permitted)
            validator.IntersectPermittedSubtree(Subtrees(permitted));
        foreach (Asn1Encodable excluded in Subtrees(constraints?.ExcludedSubtreesValue))
            validator.AddExcludedSubtree(GeneralSubtree.GetInstance(excluded));
    }

    /// <summary>Constraints hold A-labels; RFC 8398 wrote U-labels into the mailbox.</summary>
    private static string WithALabels(string mailbox)
    {
        int at = mailbox.LastIndexOf('@');
        return at > 0 && Mailbox.TryParseDomain(mailbox[(at + 1)..], out string? domain) ? mailbox[..(at + 1)] + domain : throw new FormatException("no mailbox");
    }

    private static Asn1Sequence Subtrees(GeneralSubtrees? subtrees) => subtrees is null ? DerSequence.Empty : Asn1Sequence.GetInstance(subtrees.ToAsn1Object());
}

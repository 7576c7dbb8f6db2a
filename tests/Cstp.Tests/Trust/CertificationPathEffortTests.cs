using Cstp.Core.Trust;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust;

/// <summary>What a search may cost, and that broken input never makes it valid or throws.</summary>
public sealed class CertificationPathEffortTests : CertificationPathFixture
{
    [Fact]
    public void X4_a_loop_of_cross_certificates_is_passed_once()
    {
        TestCertificate a = Authority("a"), b = Authority("b"), c = Authority("c");
        TestCertificate[] loop = [a with { Issuer = b }, b with { Issuer = c }, c with { Issuer = a }];
        CertificationPathSearch search = Search([Root], loop, Plain);
        Assert.Equal(CertificationPathProblem.NoAuthority, search.Find(Facts(End(a))).Problem);
        Assert.InRange(search.Steps, 4, 12);
        TestCertificate way = b with { Issuer = Root };
        Assert.True(Find(End(a), Plain, [.. loop, way]).IsValid);
    }

    [Fact]
    public void X4_a_mesh_of_cross_certificates_is_given_up_within_the_budget()
    {
        TestCertificate[] names = [.. Enumerable.Range(0, 10).Select(i => Authority($"ca{i}"))];
        TestCertificate[] mesh = [.. names.SelectMany(subject => names.Select(issuer => subject with { Issuer = issuer }))];
        CertificationPathSearch search = Search([Root], mesh, Plain);
        Assert.Equal(CertificationPathProblem.Effort, search.Find(Facts(End(names[0]))).Problem);
        Assert.InRange(search.SignatureChecks, 1, CertificationPathSearch.MaxSignatureChecks);
        Assert.InRange(search.Steps, 1, CertificationPathSearch.MaxSteps);
        TestCertificate way = names[0] with { Issuer = Root };
        Assert.True(Find(End(names[0]), Plain, [.. mesh, way]).IsValid);
    }

    [Fact]
    public void X4_a_thousand_decoys_are_passed_over_by_their_key_identifiers_or_given_up_within_the_budget()
    {
        TestCertificate middle = Middle with { Extensions = [Identifier("real")] };
        TestCertificate leaf = End(middle) with { Extensions = [AuthorityIdentifier("real")] };
        TestCertificate[] decoys = [.. Enumerable.Range(0, 1_000).Select(i => Authority("middle", Root) with { Extensions = [Identifier($"decoy{i}")] })];
        CertificationPathSearch search = Search([Root], [.. decoys, middle], Plain);
        Assert.True(search.Find(Facts(leaf)).IsValid);
        Assert.InRange(search.SignatureChecks, 2, CertificationPathSearch.MaxSignatureChecks);

        CertificationPathSearch blind = Search([Root], [.. decoys, middle], Plain);
        AssertProblem(CertificationPathProblem.Effort, "64 signature checks", null, blind.Find(Facts(Leaf)));
        Assert.Equal(CertificationPathSearch.MaxSignatureChecks, blind.SignatureChecks);
        Assert.InRange(blind.Steps, 1, CertificationPathSearch.MaxSteps);
    }

    [Fact]
    public void A_path_has_ten_certificates_at_most()
    {
        var path = new List<TestCertificate>();
        for (int i = 0; i < CertificationPathSearch.MaxLength; i++)
            path.Add(Authority($"ca{i}", i == 0 ? Root : path[^1]));
        Assert.True(Find(End(path[^2]), Plain, [.. path]).IsValid);
        Assert.Equal(CertificationPathProblem.Effort, Find(End(path[^1]), Plain, [.. path]).Problem);
    }

    [Fact]
    public void One_bit_changed_in_a_certificate_or_list_never_makes_a_valid_path_or_throws()
    {
        byte[] leaf = Leaf.Encoded.Der.ToArray();
        byte[] crl = new TestCrl(Middle, Now).Issue().GetEncoded();
        CertificateFacts[] anchors = [Facts(Root)], intermediates = [Facts(Middle)];
        CertificationPathConditions revocation = With(new TestCrl(Root, Now));
        bool Holds(byte[] certificate, byte[] list)
        {
            IReadOnlyList<X509Crl> read;
            try
            {
                read = CrlFile.Read(list);
            }
            catch (FormatException)
            {
                return false;
            }
            var conditions = revocation with { Crls = [.. revocation.Crls!, .. read] };
            return new CertificationPathSearch(anchors, intermediates, conditions).Find(CertificateFacts.Read(new(certificate))).IsValid;
        }
        Assert.True(Holds(leaf, crl));
        for (int i = 0; i < leaf.Length; i++)
            Assert.False(Holds(Changed(leaf, i), crl), $"certificate, octet {i}");
        for (int i = 0; i < crl.Length; i++)
            Assert.False(Holds(leaf, Changed(crl, i)), $"list, octet {i}");
    }

    private static byte[] Changed(byte[] octets, int at)
    {
        byte[] changed = [.. octets];
        changed[at] ^= (byte)(1 << (at % 8));
        return changed;
    }
}

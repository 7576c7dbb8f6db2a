using Cstp.Core.Trust;

namespace Cstp.Tests.Trust;

/// <summary>The Public Key Interoperability Test Suite of NIST, each test with its own inputs.</summary>
public sealed class PkitsTests
{
    private static readonly DateTimeOffset s_time = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Tests => [.. Corpora.Folder is null ? ["none"] : Rows().Select(row => row[1] + " " + row[0])];

    [Theory]
    [MemberData(nameof(Tests))]
    public void A_path_is_valid_where_the_suite_says_so(string test)
    {
        Corpora.Need();
        string[] row = Rows().Single(row => row[1] + " " + row[0] == test);
        List<CertificateFacts> certificates = [.. Files(row[3]).SelectMany(octets => CertificateFile.Read(octets)).Select(CertificateFacts.Read)];
        var conditions = new CertificationPathConditions(s_time)
        {
            AcceptablePolicies = row[5] == "anyPolicy" ? [] : row[5].Split(','),
            RequiresPolicy = bool.Parse(row[6]),
            InhibitsPolicyMapping = bool.Parse(row[7]),
            InhibitsAnyPolicy = bool.Parse(row[8]),
            Crls = [.. Files(row[4]).SelectMany(octets => CrlFile.Read(octets))],
        };
        CertificationPathVerdict verdict = new CertificationPathSearch([certificates[0]], certificates[1..^1], conditions).Find(certificates[^1]);
        Assert.True(row[2] == (verdict.IsValid ? "valid" : "invalid"), $"{test}: {row[2]}, but: {verdict.Problem} {verdict.Reason}");
        if (verdict.IsValid)
            Assert.Equal((certificates[^1], certificates[0]), (verdict.Path[0], verdict.Path[^1]));
    }

    private static IEnumerable<string[]> Rows() => File.ReadLines(Path.Combine(Corpora.Need(), "x509/pkits/TESTS.tsv")).Skip(1).Select(line => line.Split('\t'));

    private static IEnumerable<byte[]> Files(string names) => names.Split(' ').Select(name => Corpora.Read("x509/pkits/" + name));
}

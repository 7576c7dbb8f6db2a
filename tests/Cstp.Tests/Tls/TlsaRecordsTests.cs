using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cstp.Core.Tls;

namespace Cstp.Tests.Tls;

/// <summary>Which certificates a TLSA record allows (RFC 7672 3.1): each with its pair that differs in one thing.</summary>
public sealed class TlsaRecordsTests : IDisposable
{
    private const string Name = "mx.elsewhere.test";

    private readonly TlsWorkshop _workshop = new();
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2 _other;

    public TlsaRecordsTests() => (_own, _other) = (_workshop.Issue(Name), _workshop.Issue(Name));

    public void Dispose()
    {
        _own.Dispose();
        _other.Dispose();
        _workshop.Dispose();
    }

    private static byte[] Data(X509Certificate2 certificate, int selector, int matching)
    {
        byte[] selected = selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return matching switch { 1 => SHA256.HashData(selected), 2 => SHA512.HashData(selected), _ => selected };
    }

    private static bool Allow(X509Certificate2 shown, IEnumerable<X509Certificate2> others, params Tlsa[] records) =>
        new TlsaRecords(Name, "elsewhere.test", records).Allow(new TlsPeer(shown.RawData, [.. others.Select(c => c.RawData)], "not asked"));

    public static TheoryData<int, int> Forms => [.. from selector in new[] { 0, 1 } from matching in new[] { 0, 1, 2 } select (selector, matching)];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Usage_3_is_the_servers_own_certificate_or_key(int selector, int matching)
    {
        Assert.True(Allow(_own, [], new Tlsa(3, selector, matching, Data(_own, selector, matching))));
        Assert.False(Allow(_other, [], new Tlsa(3, selector, matching, Data(_own, selector, matching))));
    }

    [Fact]
    public void Usage_3_heeds_neither_name_nor_time()
    {
        using X509Certificate2 old = _workshop.Issue("other.test", DateTimeOffset.UtcNow.AddHours(-1));
        Assert.True(Allow(old, [], new Tlsa(3, 1, 1, Data(old, 1, 1))));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Usage_2_is_an_authority_that_the_server_sends(int selector, int matching)
    {
        using var stranger = new TlsWorkshop();
        using X509Certificate2 foreign = stranger.Issue(Name);
        var record = new Tlsa(2, selector, matching, Data(_workshop.Authority, selector, matching));
        Assert.True(Allow(_own, [_workshop.Authority], record));
        Assert.False(Allow(foreign, [stranger.Authority], record));
        // The right authority beside a certificate that it did not issue, even one that names it as issuer.
        Assert.False(Allow(foreign, [_workshop.Authority], record));
    }

    [Fact]
    public void Usage_2_may_mean_an_authority_below_the_root()
    {
        using var below = new TlsWorkshop(_workshop);
        using X509Certificate2 own = below.Issue(Name);
        var record = new Tlsa(2, 1, 1, Data(below.Authority, 1, 1));
        Assert.True(Allow(own, [below.Authority], record));
        Assert.True(Allow(own, [below.Authority, _workshop.Authority], record));
        Assert.True(Allow(own, [below.Authority, _workshop.Authority], new Tlsa(2, 1, 1, Data(_workshop.Authority, 1, 1))));
        Assert.False(Allow(own, [_workshop.Authority], record));
    }

    [Fact]
    public void Usage_2_heeds_the_name_and_the_time()
    {
        var record = new Tlsa(2, 0, 1, Data(_workshop.Authority, 0, 1));
        using X509Certificate2 domain = _workshop.Issue("elsewhere.test"), named = _workshop.Issue("mx.evil.test"), old = _workshop.Issue(Name, DateTimeOffset.UtcNow.AddHours(-1));
        Assert.True(Allow(domain, [_workshop.Authority], record));
        Assert.False(Allow(named, [_workshop.Authority], record));
        Assert.False(Allow(old, [_workshop.Authority], record));
    }

    [Fact]
    public void Usage_2_takes_an_authority_out_of_the_record_itself_where_the_server_does_not_send_it()
    {
        Assert.True(Allow(_own, [], new Tlsa(2, 0, 0, Data(_workshop.Authority, 0, 0))));
        Assert.False(Allow(_own, [], new Tlsa(2, 0, 1, Data(_workshop.Authority, 0, 1))));
        Assert.False(Allow(_own, [], new Tlsa(2, 0, 0, [1, 2, 3])));
    }

    [Theory]
    [InlineData(0, 0, 1, 32)]
    [InlineData(1, 0, 1, 32)]
    [InlineData(3, 2, 1, 32)]
    [InlineData(3, 1, 3, 32)]
    [InlineData(3, 1, 1, 31)]
    [InlineData(3, 1, 0, 0)]
    public void Other_usages_and_broken_records_are_of_no_use(int usage, int selector, int matching, int length) =>
        Assert.False(new TlsaRecords(Name, Name, [new Tlsa(usage, selector, matching, new byte[length])]).AreUsable);

    [Fact]
    public void One_record_that_matches_will_do() =>
        Assert.True(Allow(_own, [], new Tlsa(3, 1, 1, Data(_other, 1, 1)), new Tlsa(3, 1, 1, Data(_own, 1, 1)), new Tlsa(0, 0, 1, new byte[32])));
}

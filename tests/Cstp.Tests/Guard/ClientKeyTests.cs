using System.Net;
using Cstp.GuardConnections;

namespace Cstp.Tests.Guard;

public sealed class ClientKeyTests
{
    [Theory]
    [InlineData("192.0.2.77", 32, 64, "192.0.2.77")]
    [InlineData("192.0.2.77", 24, 48, "192.0.2.0/24")]
    [InlineData("192.0.2.255", 25, 48, "192.0.2.128/25")]
    [InlineData("255.255.255.255", 1, 48, "128.0.0.0/1")]
    [InlineData("2001:db8:1:2:3:4:5:6", 32, 64, "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:ffff:3:4:5:6", 24, 48, "2001:db8:1::/48")]
    [InlineData("2001:db8::1", 24, 128, "2001:db8::1")]
    [InlineData("ffff::", 24, 1, "8000::/1")]
    public void The_leading_bits_count(string address, int ipv4Prefix, int ipv6Prefix, string key) =>
        Assert.Equal(key, ClientKey.Of(IPAddress.Parse(address), ipv4Prefix, ipv6Prefix).ToString());

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("10.0.0.0", "a00::", false)]
    public void Addresses_are_one_client_where_those_bits_are_equal(string one, string other, bool same) =>
        Assert.Equal(same, ClientKey.Of(IPAddress.Parse(one), 32, 64) == ClientKey.Of(IPAddress.Parse(other), 32, 64));
}

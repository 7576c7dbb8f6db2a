using System.Net;
using Cstp.GuardConnections;

namespace Cstp.Tests.Guard;

public sealed class HelloNameTests
{
    private static readonly string[] s_own = ["amd.test"];

    [Theory]
    [InlineData("mail.intel.test", "Plausible")]
    [InlineData("mail.intel.test.", "Plausible")]
    [InlineData("mail.intel.test and more words", "Plausible")]
    [InlineData("notamd.test", "Plausible")]
    [InlineData("amd.test.intel.test", "Plausible")]
    [InlineData("xn--bcher-kva.example", "Plausible")]
    [InlineData("[198.51.100.7]", "Plausible")]
    [InlineData("amd.test", "Forged")]
    [InlineData("AMD.Test.", "Forged")]
    [InlineData("mail.amd.test", "Forged")]
    [InlineData("[198.51.100.8]", "Forged")]
    [InlineData("[203.0.113.1]", "Forged")]
    [InlineData("203.0.113.1", "Forged")]
    [InlineData("[IPv6:2001:db8::1]", "Forged")]
    [InlineData("[192.168.1.20]", "Invalid")]
    [InlineData("[127.0.0.1]", "Invalid")]
    [InlineData("198.51.100.7", "Invalid")]
    [InlineData("2001:db8::1", "Invalid")]
    [InlineData("", "Invalid")]
    [InlineData("localhost", "Invalid")]
    [InlineData("PC-7", "Invalid")]
    [InlineData("-bad.example", "Invalid")]
    [InlineData("a..example", "Invalid")]
    [InlineData("host.123", "Invalid")]
    [InlineData("[2001:db8::1]", "Invalid")]
    [InlineData("[1]", "Invalid")]
    [InlineData("[]", "Invalid")]
    [InlineData("[IPv6:fe80::1%1]", "Invalid")]
    [InlineData("[IPv6:198.51.100.7]", "Invalid")]
    [InlineData("[x400:whatever]", "Invalid")]
    public void An_IPv4_client_calls_itself(string name, string verdict) =>
        Assert.Equal(verdict, HelloName.Judge(name, IPAddress.Parse("198.51.100.7"), IPAddress.Parse("203.0.113.1"), s_own).ToString());

    [Theory]
    [InlineData("[IPv6:2001:db8::7]", "Plausible")]
    [InlineData("[ipv6:2001:0DB8:0::7]", "Plausible")]
    [InlineData("[IPv6:2001:db8::8]", "Forged")]
    [InlineData("[198.51.100.7]", "Forged")]
    [InlineData("[IPv6:fd00::1]", "Invalid")]
    public void An_IPv6_client_calls_itself(string name, string verdict) =>
        Assert.Equal(verdict, HelloName.Judge(name, IPAddress.Parse("2001:db8::7"), IPAddress.Parse("2001:db8::25"), s_own).ToString());
}

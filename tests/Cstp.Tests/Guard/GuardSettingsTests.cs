using System.ComponentModel.DataAnnotations;
using Cstp.GuardConnections;

namespace Cstp.Tests.Guard;

public sealed class GuardSettingsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(Mistakes(new()));

    [Fact]
    public void All_mistakes_are_told_at_once() => Assert.Equal(
        ["Guard", "Allow", "Deny", "Ipv4NetworkPrefix", "Ipv6NetworkPrefix", "OwnNames", "GreetDelay", "SlowDelay", "SuspectFor"],
        Mistakes(new()
        {
            Guard = [],
            Allow = ["192.0.2.0/33"],
            Deny = ["example.com", "192.0.2.1/24", "2001:db8::/32"],
            Ipv4ClientPrefix = 16,
            Ipv6NetworkPrefix = 65,
            OwnNames = ["two words"],
            GreetDelay = TimeSpan.FromMinutes(2),
            SlowDelay = TimeSpan.Zero,
            SuspectFor = TimeSpan.FromDays(8),
        }));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("192.0.2.1/24", "192.0.2.0/24")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    public void An_address_is_the_network_of_it_alone_and_of_a_network_the_leading_bits_count(string text, string network)
    {
        Assert.True(GuardSettings.TryParseNetwork(text, out System.Net.IPNetwork parsed));
        Assert.Equal(network, parsed.ToString());
    }

    private static IEnumerable<string> Mistakes(GuardSettings settings) => settings.Validate(new ValidationContext(settings)).Select(wrong => wrong.MemberNames.Single());
}

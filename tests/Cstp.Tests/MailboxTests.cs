using Cstp.Abstractions;

namespace Cstp.Tests;

public sealed class MailboxTests
{
    [Theory]
    [InlineData("juro@amd.test", "juro", "amd.test")]
    [InlineData("Juro@AMD.Test", "Juro", "amd.test")]
    [InlineData("\"a b\\\"c\"@amd", "\"a b\\\"c\"", "amd")]
    [InlineData("x@[127.0.0.1]", "x", "[127.0.0.1]")]
    [InlineData("x@[IPv6:::1]", "x", "[ipv6:::1]")]
    public void A_mailbox_of_the_grammar_is_read(string text, string localPart, string domain)
    {
        Mailbox mailbox = Mailbox.Parse(text);
        Assert.Equal(localPart, mailbox.LocalPart);
        Assert.Equal(domain, mailbox.Domain);
    }

    [Theory]
    [InlineData("")]
    [InlineData("juro")]
    [InlineData("@amd.test")]
    [InlineData("juro@")]
    [InlineData("a..b@amd.test")]
    [InlineData(".a@amd.test")]
    [InlineData("a.@amd.test")]
    [InlineData("a b@amd.test")]
    [InlineData("a@amd..test")]
    [InlineData("a@-amd.test")]
    [InlineData("a@b@c")]
    [InlineData("\"a\r\nRCPT TO:<x@y>\"@amd.test")]
    [InlineData("\"open@amd.test")]
    [InlineData("a@[1.2.3]")]
    [InlineData("jür@amd.test")]
    public void T5_what_does_not_fit_the_grammar_is_no_mailbox(string text) => Assert.False(Mailbox.TryParse(text, out _));

    [Fact]
    public void Domains_compare_without_case_and_local_parts_with()
    {
        Assert.Equal(Mailbox.Parse("a@B.test"), Mailbox.Parse("a@b.TEST"));
        Assert.NotEqual(Mailbox.Parse("a@b.test"), Mailbox.Parse("A@b.test"));
    }
}

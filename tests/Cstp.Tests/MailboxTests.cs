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
    [InlineData("j\u00fcr@@amd.test")]
    public void T5_what_does_not_fit_the_grammar_is_no_mailbox(string text) => Assert.False(Mailbox.TryParse(text, out _));

    [Fact]
    public void Domains_compare_without_case_and_local_parts_with()
    {
        Assert.Equal(Mailbox.Parse("a@B.test"), Mailbox.Parse("a@b.TEST"));
        Assert.NotEqual(Mailbox.Parse("a@b.test"), Mailbox.Parse("A@b.test"));
    }

    [Theory]
    [InlineData("j\u00fcrg@amd.test", "j\u00fcrg", "amd.test")]
    [InlineData("\"j\u00fc rg\"@amd.test", "\"j\u00fc rg\"", "amd.test")]
    [InlineData("juro@M\u00fcller.Test", "juro", "xn--mller-kva.test")]
    [InlineData("juro@XN--MLLER-KVA.test", "juro", "xn--mller-kva.test")]
    [InlineData("\u7528\u6237@\u4f8b\u3048.test", "\u7528\u6237", "xn--r8jz45g.test")]
    [InlineData("\ud83d\ude00@amd.test", "\ud83d\ude00", "amd.test")]
    [InlineData("juro@stra\u00dfe.test", "juro", "xn--strae-oqa.test")]
    public void A_mailbox_beyond_ASCII_is_read(string text, string localPart, string domain)
    {
        Mailbox mailbox = Mailbox.Parse(text);
        Assert.Equal(localPart, mailbox.LocalPart);
        Assert.Equal(domain, mailbox.Domain);
        Assert.Equal(localPart.All(char.IsAscii), mailbox.IsAscii);
        Assert.Equal(mailbox, Mailbox.Parse(mailbox.ToString()));
    }

    [Theory]
    [InlineData("j\u0085r@amd.test")]
    [InlineData("j\u2028r@amd.test")]
    [InlineData("j\u202er@amd.test")]
    [InlineData("j\u00a0r@amd.test")]
    [InlineData("\"j\u200br\"@amd.test")]
    [InlineData("\"j\u007fr\"@amd.test")]
    [InlineData("juro@\uff41md.test")]
    [InlineData("juro@mu\u0308ller.test")]
    [InlineData("juro@\u202eamd.test")]
    [InlineData("juro@a\u3002test")]
    [InlineData("juro@\u2603.test")]
    [InlineData("juro@-\u00fc.test")]
    [InlineData("juro@inte\u212a.test")]
    public void T18_what_would_turn_or_break_a_line_or_be_taken_for_another_is_no_mailbox(string text) => Assert.False(Mailbox.TryParse(text, out _));

    [Fact]
    public void A_local_part_has_64_octets_of_UTF8_and_no_more()
    {
        Assert.True(Mailbox.TryParse(new string('\u00fc', 32) + "@amd.test", out _));
        Assert.False(Mailbox.TryParse(new string('\u00fc', 32) + "x@amd.test", out _));
    }

    [Fact]
    public void Half_a_character_is_no_mailbox() => Assert.False(Mailbox.TryParse("j\ud83dr@amd.test", out _));

    [Fact]
    public void Local_parts_are_never_normalised() => Assert.NotEqual(Mailbox.Parse("\u00fc@b.test"), Mailbox.Parse("u\u0308@b.test"));
}

using System.Text;
using Cstp.Core.Mime;
using Cstp.Core.Securing.Rules;

namespace Cstp.Tests.Securing.Rules;

public sealed class SenderTriggersTests
{
    private static readonly SenderTriggers s_triggers = new(new TriggerOptions { Header = "X-Cstp", EncryptTag = "[encrypt]", SignTag = "[sign]" });

    [Theory]
    [InlineData("Subject: [encrypt] plans\r\n", "Subject: plans\r\n", true, false)]
    [InlineData("Subject: plans [Encrypt]\r\n", "Subject: plans\r\n", true, false)]
    [InlineData("subject: [sign] [encrypt] plans\r\n", "subject: plans\r\n", true, true)]
    [InlineData("Subject: [encrypt] plans [sign]\r\n", "Subject: plans\r\n", true, true)]
    [InlineData("Subject: [encrypt]\r\n", "Subject: \r\n", true, false)]
    [InlineData("Subject:\r\n [encrypt] plans\r\n for you\r\n", "Subject: plans for you\r\n", true, false)]
    [InlineData("Subject: our [encrypt] tag\r\n", "Subject: our [encrypt] tag\r\n", false, false)]
    [InlineData("Subject: =?utf-8?B?W2VuY3J5cHRdIMO8YmVy?=\r\n", "Subject: =?utf-8?b?w7xiZXI=?=\r\n", true, false)]
    [InlineData("Subject: [encrypt] =?utf-8?q?=C3=BCber?=\r\n", "Subject: =?utf-8?q?=C3=BCber?=\r\n", true, false)]
    [InlineData("X-Cstp: sign, Encrypt\r\nSubject: x\r\n", "Subject: x\r\n", true, true)]
    [InlineData("x-cstp: something\r\nSubject: x\r\n", "Subject: x\r\n", false, false)]
    [InlineData("Comments: [encrypt] x\r\n", "Comments: [encrypt] x\r\n", false, false)]
    public void The_demand_is_read_and_taken_out(string before, string after, bool encrypt, bool sign)
    {
        SenderDemand demand = s_triggers.Read(HeaderSection.Parse(Encoding.Latin1.GetBytes("From: a@amd.test\r\n" + before + "To: b@intel.test\r\n")));
        Assert.Equal((encrypt, sign), (demand.Encrypt, demand.Sign));
        Assert.Equal("From: a@amd.test\r\n" + after + "To: b@intel.test\r\n\r\n", Encoding.Latin1.GetString(demand.Header.ToOctets().Span), ignoreCase: true);
    }

    [Fact]
    public void What_demands_nothing_stays_octet_for_octet()
    {
        HeaderSection header = HeaderSection.Parse("Subject:  odd \r\n folding\r\n"u8.ToArray());
        Assert.Same(header, s_triggers.Read(header).Header);
    }

    [Fact]
    public void A_long_Subject_is_folded_anew()
    {
        string words = string.Join(' ', Enumerable.Repeat("word", 60));
        SenderDemand demand = s_triggers.Read(HeaderSection.Parse(Encoding.ASCII.GetBytes($"Subject: [encrypt] {words}\r\n")));
        string text = Encoding.ASCII.GetString(demand.Header.Raw.Span);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
        Assert.Equal(words, Assert.Single(demand.Header.Fields).Value);
    }

    [Fact]
    public void Nothing_is_read_where_nothing_is_configured()
    {
        var off = new SenderTriggers(new TriggerOptions());
        Assert.False(off.Any);
        SenderDemand demand = off.Read(HeaderSection.Parse("Subject: [encrypt] x\r\nX-Cstp: sign\r\n"u8.ToArray()));
        Assert.False(demand.Encrypt || demand.Sign);
    }
}

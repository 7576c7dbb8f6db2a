using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>What a rule demands is done, or the message is refused in the session.</summary>
public sealed class SecuringRuleTests
{
    private const string Plain = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n";

    private static SecuringOptions Rule(Demand? encrypt = null, Demand? sign = null, string remote = "*") =>
        new() { Rules = [new() { Remote = [remote], Encrypt = encrypt, Sign = sign }] };

    [Fact]
    public async Task Outbound_required_encryption_refuses_the_recipient_without_certificate_and_says_what_to_do()
    {
        await using var boxes = new TwoBoxes(securing: Rule(Demand.Require));
        using var client = await RawClient.GreetedAsync(boxes.Amd.InsidePort);
        await client.AddressAsync("juro@amd.test", "anna@intel.test");
        Assert.Equal(
            "550 5.7.1 Mail to <fedor@mulholland.test> must be encrypted, and no usable certificate is known here; ask the recipient for one, or your administrator to import it",
            await client.AskAsync("RCPT TO:<fedor@mulholland.test>"));
        Assert.StartsWith("250", await client.SendMessageAsync(Plain), StringComparison.Ordinal);
        Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? sent));
        Assert.True(sent.IsFor("anna@intel.test") && sent.Recipients.Count == 1);
        Assert.Contains("smime-type=authEnveloped-data", sent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outbound_encryption_that_is_never_wanted_is_left_out_though_there_is_a_certificate()
    {
        await using var boxes = new TwoBoxes(securing: Rule(Demand.Never));
        Assert.Equal(Plain, Assert.Single(await boxes.SecureAsync(Octets(Plain), "juro@amd.test", "anna@intel.test")).Text);
    }

    [Fact]
    public async Task Outbound_a_required_signature_is_made_without_encryption_too()
    {
        await using var boxes = new TwoBoxes(securing: Rule(sign: Demand.Require));
        RecordedMessage sent = Assert.Single(await boxes.SecureAsync(Octets(Plain.Replace("anna@intel", "x@other", StringComparison.Ordinal)), "juro@amd.test", "x@other.test"));
        Assert.Contains("Content-Type: multipart/signed", sent.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outbound_a_required_signature_that_cannot_be_made_refuses_the_message()
    {
        await using var boxes = new TwoBoxes(securing: Rule(sign: Demand.Require));
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "x@other.test");
        string? reply = await client.SendMessageAsync(Plain.Replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", StringComparison.Ordinal));
        Assert.StartsWith("550 5.7.1 Mail to <x@other.test> must be signed, and this message cannot be: it has 8-bit text", reply, StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task Outbound_recipients_of_whom_different_signatures_are_demanded_get_deliveries_of_their_own()
    {
        await using var boxes = new TwoBoxes(securing: Rule(sign: Demand.Require, remote: "x@other.test"));
        IReadOnlyList<RecordedMessage> sent = await boxes.SecureAsync(Octets(Plain), "juro@amd.test", "x@other.test", "y@other.test");
        Assert.Equal(2, sent.Count);
        Assert.Contains("multipart/signed", sent.Single(m => m.IsFor("x@other.test")).Text, StringComparison.Ordinal);
        Assert.Equal(Plain, sent.Single(m => m.IsFor("y@other.test")).Text);
    }

    [Fact]
    public async Task Outbound_without_signature_it_is_encrypted_alone_and_opened_as_such()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Outbound, Sign = Demand.Never }] });
        (RecordedMessage wire, RecordedMessage arrived) = await boxes.PassAsync(Octets(Plain));
        Assert.Contains("smime-type=authEnveloped-data", wire.Text, StringComparison.Ordinal);
        Assert.StartsWith("Authentication-Results: cstp.intel.test;\r\n\tsmime=none", arrived.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nHello\r\n", arrived.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("CSTP-Sealed", arrived.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Subject: [encrypt] hi", "x@other.test", "550 5.7.1 Mail to <x@other.test> must be encrypted")]
    [InlineData("X-Cstp: encrypt\r\nSubject: hi", "x@other.test", "550 5.7.1 Mail to <x@other.test> must be encrypted")]
    [InlineData("Subject: [encrypt] hi", "anna@intel.test", "250")]
    [InlineData("Subject: hi", "x@other.test", "250")]
    public async Task A_sender_demands_encryption_for_one_message(string subject, string to, string reply)
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Triggers = new() { Header = "X-Cstp", EncryptTag = "[encrypt]" } });
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", to);
        Assert.StartsWith(reply, await client.SendMessageAsync(Plain.Replace("Subject: hi", subject, StringComparison.Ordinal)), StringComparison.Ordinal);
        if (!reply.StartsWith('2'))
        {
            Assert.Empty(boxes.Wire.Messages);
            return;
        }
        Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? wire));
        if (to == "anna@intel.test")
            Assert.EndsWith(Plain, (await boxes.OpenAsync(wire.Content, "juro@amd.test", to)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_cannot_demand_what_a_rule_forbids()
    {
        await using var boxes = new TwoBoxes(securing: Rule(Demand.Never) with { Triggers = new() { EncryptTag = "[encrypt]" } });
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.Equal(
            "550 5.7.1 This message demands encryption, and mail to <anna@intel.test> is never encrypted here; take out the demand, or the recipients",
            await client.SendMessageAsync(Plain.Replace("Subject: hi", "Subject: hi [encrypt]", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_alias_gets_it_encrypted_to_the_certificate_of_its_user_and_opens_with_his_key()
    {
        var aliases = new SecuringOptions { Aliases = [new() { Address = "sales@intel.test", User = "anna@intel.test" }], SubaddressSeparators = "+" };
        await using var boxes = new TwoBoxes(securing: aliases);
        boxes.Amd.TrustUser(boxes.Intel.AddUserKey("anna@intel.test")[0].Identity.Certificate, "anna@intel.test");
        foreach (string address in new[] { "sales@intel.test", "anna+news@intel.test" })
        {
            RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Octets(Plain), "juro@amd.test", address));
            Assert.Contains("Subject: hi", wire.Text, StringComparison.Ordinal);   // a user's certificate: the Subject stays
            Assert.EndsWith(Plain, (await boxes.OpenAsync(wire.Content, "juro@amd.test", address)).Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true, false, "encrypted")]
    [InlineData(false, true, "signed by somebody who is trusted here")]
    [InlineData(true, true, "encrypted, and signed by somebody who is trusted here")]
    public async Task Inbound_plain_mail_is_refused_where_protection_is_required(bool encrypt, bool sign, string demanded)
    {
        var rule = new SecuringRule
        {
            Direction = RuleDirection.Inbound,
            Remote = ["amd.test"],
            Encrypt = encrypt ? Demand.Require : null,
            Sign = sign ? Demand.Require : null,
        };
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [rule] });
        // The claim counts, in the reverse-path as in From.
        foreach ((string sender, string message) in new[] { ("juro@amd.test", Plain.Replace("juro@amd", "x@other", StringComparison.Ordinal)), ("x@other.test", Plain) })
        {
            using var client = new RawClient(boxes.Intel.OutsidePort);
            await client.BeginAsync(sender, "anna@intel.test");
            Assert.Equal($"550 5.7.1 Mail from this sender to <anna@intel.test> must be {demanded}; this message is not, and nobody got it", await client.SendMessageAsync(message));
        }
        Assert.Empty(boxes.IntelServer.Messages);
        // What the other box protected arrives, and so does what claims to be from elsewhere.
        Assert.EndsWith(Plain, (await boxes.PassAsync(Octets(Plain))).Arrived.Text, StringComparison.Ordinal);
        await boxes.OpenAsync(Octets(Plain.Replace("juro@amd", "x@other", StringComparison.Ordinal)), "x@other.test", "anna@intel.test");
    }

    [Fact]
    public async Task Inbound_a_signature_of_somebody_who_is_not_trusted_does_not_do()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Inbound, Sign = Demand.Require }] });
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        string signed = Message("juro@amd.test", await ClearSignedAsync(InboundRows.Entity, InboundRows.EveKey));
        Assert.StartsWith("550 5.7.1", await client.SendMessageAsync(signed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inbound_an_answer_does_not_tell_whether_a_message_could_be_decrypted()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Inbound, Sign = Demand.Require }] });
        byte[] whole = await EncryptAsync(InboundRows.Entity, ContentCipher.Aes256Gcm, boxes.Intel.GatewayCertificate);
        byte[] damaged = [.. whole];
        damaged[^1] ^= 1;
        byte[] foreign = await EncryptAsync(InboundRows.Entity, ContentCipher.Aes256Gcm, InboundRows.EveKey.Certificate);
        var replies = new HashSet<string?>();
        foreach (byte[] cms in new[] { whole, damaged, foreign })
        {
            using var client = new RawClient(boxes.Intel.OutsidePort);
            await client.BeginAsync("juro@amd.test", "anna@intel.test");
            replies.Add(await client.SendMessageAsync(Message("juro@amd.test", Opaque(cms, "authEnveloped-data"))));
        }
        Assert.StartsWith("550 5.7.1", Assert.Single(replies), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inbound_what_shall_never_be_opened_stays_closed_for_whom_it_shall()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Inbound, Local = ["boss@intel.test"], Encrypt = Demand.Never, Sign = Demand.Never }] });
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Octets(Plain), "juro@amd.test", "anna@intel.test", "boss@intel.test"));
        using var client = new RawClient(boxes.Intel.OutsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test", "boss@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(wire.Content), StringComparison.Ordinal);
        RecordedMessage[] arrived = [.. boxes.IntelServer.Messages];
        Assert.Equal(2, arrived.Length);
        Assert.EndsWith(Plain, arrived.Single(m => m.IsFor("anna@intel.test")).Text, StringComparison.Ordinal);
        Assert.Equal(wire.Text, arrived.Single(m => m.IsFor("boss@intel.test")).Text);
    }

    [Fact]
    public async Task Inbound_signatures_that_shall_not_be_checked_still_tell_for_whom_a_box_sealed()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Inbound, Sign = Demand.Never }] });
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Octets(Plain), "juro@amd.test", "anna@intel.test"));
        Assert.EndsWith(Plain, (await boxes.OpenAsync(wire.Content, "juro@amd.test", "anna@intel.test")).Text, StringComparison.Ordinal);
        string eve = (await boxes.OpenAsync(wire.Content, "juro@amd.test", "eve@intel.test")).Text;
        Assert.EndsWith(wire.Text, eve, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello", eve, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inbound_signatures_that_shall_not_be_checked_stay_and_nothing_is_claimed()
    {
        await using var boxes = new TwoBoxes(securing: new SecuringOptions { Rules = [new() { Direction = RuleDirection.Inbound, Sign = Demand.Never }] });
        string signed = Message("juro@amd.test", await ClearSignedAsync(InboundRows.Entity, InboundRows.EveKey));
        Assert.Equal(signed, (await boxes.OpenAsync(Octets(signed), "juro@amd.test", "anna@intel.test")).Text);
        string opaque = Message("juro@amd.test", await OpaqueSignedAsync(InboundRows.Entity, InboundRows.EveKey));
        Assert.Equal(opaque, (await boxes.OpenAsync(Octets(opaque), "juro@amd.test", "anna@intel.test")).Text);
    }
}

using System.Text;
using Cstp.Abstractions;
using Cstp.PolicyAllOrNothing;
using Cstp.PolicyRestrictive;
using Cstp.Tests.EndToEnd;

namespace Cstp.Tests.Policies;

/// <summary>Rule 6 as clients and servers see it.</summary>
public sealed class PolicyInSessionTests
{
    private const string Message = "From: juro@amd.test\r\nTo: anna@intel.test\r\nCc: bert@intel.test\r\nSubject: s\r\n\r\nHello\r\n";

    [Fact]
    public async Task Restrictive_refuses_an_uncertified_recipient_after_a_certified_one()
    {
        await using var boxes = new TwoBoxes(new RestrictivePolicy());
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        string? refused = await client.AskAsync("RCPT TO:<max@elsewhere.test>");
        Assert.StartsWith("550 5.7.1 <max@elsewhere.test>", refused, StringComparison.Ordinal);
        Assert.StartsWith("250", await client.AskAsync("RCPT TO:<bert@intel.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        RecordedMessage wire = Assert.Single(boxes.Wire.Messages);
        Assert.Equal(["RCPT TO:<anna@intel.test>", "RCPT TO:<bert@intel.test>"], wire.Recipients);
        Assert.DoesNotContain("Hello", wire.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restrictive_refuses_DATA_where_the_uncertified_recipient_came_first()
    {
        await using var boxes = new TwoBoxes(new RestrictivePolicy());
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "max@elsewhere.test", "anna@intel.test");
        string? refused = await client.AskAsync("DATA");
        Assert.StartsWith("550 5.7.1", refused, StringComparison.Ordinal);
        Assert.Contains("<max@elsewhere.test>", refused, StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
        // The session goes on: each kind alone is taken.
        await client.AskAsync("RSET");
        await client.AddressAsync("juro@amd.test", "max@elsewhere.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.Equal(Message, Assert.Single(boxes.Wire.Messages).Text);
    }

    [Fact]
    public async Task Restrictive_lets_a_message_pass_where_nobody_is_certified()
    {
        await using var boxes = new TwoBoxes(new RestrictivePolicy());
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "max@elsewhere.test", "mia@elsewhere.test"));
        Assert.Equal(Message, wire.Text);
        Assert.Equal(2, wire.Recipients.Count);
    }

    [Fact]
    public async Task All_or_nothing_refuses_DATA_for_everybody_where_one_recipient_has_no_certificate()
    {
        await using var boxes = new TwoBoxes(new AllOrNothingPolicy());
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test", "max@elsewhere.test", "bert@intel.test");
        string? refused = await client.AskAsync("DATA");
        Assert.StartsWith("550 5.7.1", refused, StringComparison.Ordinal);
        Assert.Contains("<max@elsewhere.test>", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("intel", refused, StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
        await client.AskAsync("RSET");
        await client.AddressAsync("juro@amd.test", "anna@intel.test", "bert@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(Message), StringComparison.Ordinal);
        Assert.DoesNotContain("Hello", Assert.Single(boxes.Wire.Messages).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("juro@amd.test")]
    [InlineData("")]
    public async Task All_or_nothing_lets_nothing_leave_in_the_clear_not_even_a_bounce(string sender)
    {
        await using var boxes = new TwoBoxes(new AllOrNothingPolicy());
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync(sender, "max@elsewhere.test");
        Assert.StartsWith("550 5.7.1", await client.AskAsync("DATA"), StringComparison.Ordinal);
        Assert.Empty(boxes.Wire.Messages);
    }

    [Fact]
    public async Task Local_recipients_are_none_of_the_policys_business()
    {
        await using var boxes = new TwoBoxes(new RestrictivePolicy());
        IReadOnlyList<RecordedMessage> wire = await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "eva@amd.test", "anna@intel.test");
        Assert.Equal(Message, Assert.Single(wire, m => m.Recipients.Contains("RCPT TO:<eva@amd.test>")).Text);
        Assert.DoesNotContain("Hello", Assert.Single(wire, m => m.Recipients.Contains("RCPT TO:<anna@intel.test>")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bcc_recipients_get_deliveries_of_their_own_once_a_users_certificate_is_in_it()
    {
        await using var boxes = new TwoBoxes();
        foreach (string name in new[] { "anna", "bert" })
            boxes.Amd.TrustUser(SmimeWorkshop.Identity($"{name}@intel.test").Certificate, $"{name}@intel.test");
        IReadOnlyList<RecordedMessage> wire = await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "anna@intel.test", "bert@intel.test", "cora@intel.test", "dora@intel.test");
        Assert.Equal(
            ["RCPT TO:<anna@intel.test> RCPT TO:<bert@intel.test>", "RCPT TO:<cora@intel.test>", "RCPT TO:<dora@intel.test>"],
            wire.Select(m => string.Join(' ', m.Recipients)).Order());
    }

    [Fact]
    public async Task Bcc_recipients_share_a_delivery_of_gateways_alone()
    {
        await using var boxes = new TwoBoxes();
        RecordedMessage wire = Assert.Single(await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "anna@intel.test", "cora@intel.test"));
        Assert.Equal(2, wire.Recipients.Count);
    }

    [Fact]
    public async Task A_recipient_given_twice_is_served_though_the_policy_knows_him_once()
    {
        await using var boxes = new TwoBoxes(new OneForAll());
        boxes.Amd.TrustUser(SmimeWorkshop.Identity("cora@intel.test").Certificate, "cora@intel.test");
        IReadOnlyList<RecordedMessage> wire = await boxes.SecureAsync(Encoding.ASCII.GetBytes(Message), "juro@amd.test", "cora@intel.test", "cora@intel.test");
        Assert.Equal(2, wire.Sum(m => m.Recipients.Count));
    }

    /// <summary>Names each address by one object, however often it was given.</summary>
    private sealed class OneForAll : IRecipientPolicy
    {
        public IReadOnlyList<Delivery> Plan(PolicyTransaction transaction, IReadOnlyList<PolicyHeaderField> header) =>
            [new Delivery([.. transaction.Recipients.Select(_ => transaction.Recipients[0])], Protection.SignedEncrypted)];
    }
}

using System.Text;

namespace Cstp.Tests.EndToEnd;

/// <summary>Row T17: whose key signs what an inside client sends.</summary>
public sealed class SignerRowTests
{
    private static async Task<string> SignerAsync(string envelopeSender, string header)
    {
        await using var boxes = new TwoBoxes();
        boxes.Intel.TrustUser(boxes.Amd.AddUserKey("juro@amd.test")[0].Identity.Certificate, "juro@amd.test");
        byte[] message = Encoding.Latin1.GetBytes(header + "To: anna@intel.test\r\n\r\nx\r\n");
        using var client = new RawClient(boxes.Amd.InsidePort);
        await client.BeginAsync(envelopeSender, "anna@intel.test");
        Assert.StartsWith("250", await client.SendMessageAsync(message), StringComparison.Ordinal);
        Assert.True(boxes.Wire.Messages.TryDequeue(out RecordedMessage? wire));
        RecordedMessage arrived = await boxes.OpenAsync(wire.Content, envelopeSender, "anna@intel.test");
        const string Identifier = "body.smime-identifier=";
        int at = arrived.Text.IndexOf(Identifier, StringComparison.Ordinal) + Identifier.Length;
        return arrived.Text[at..arrived.Text.IndexOf('\r', at)];
    }

    [Fact]
    public async Task A_user_whose_key_the_box_holds_signs_with_it() =>
        Assert.Equal("juro@amd.test", await SignerAsync("juro@amd.test", "From: Juro <juro@amd.test>\r\n"));

    [Theory]
    [InlineData("other@amd.test", "From: other@amd.test\r\n")]
    [InlineData("other@amd.test", "From: juro@amd.test\r\n")]
    [InlineData("juro@amd.test", "From: other@amd.test\r\n")]
    [InlineData("juro@amd.test", "From: juro@amd.test\r\nFrom: other@amd.test\r\n")]
    [InlineData("juro@amd.test", "From: juro@amd.test, other@amd.test\r\n")]
    [InlineData("juro@amd.test", "From: juro@amd.test\r\nSender: other@amd.test\r\n")]
    [InlineData("", "From: juro@amd.test\r\n")]
    [InlineData("juro@amd.test", "Resent-From: juro@amd.test\r\nFrom: other@amd.test\r\n")]
    public async Task T17_where_From_and_reverse_path_are_not_one_user_the_box_signs_in_its_own_name(string envelopeSender, string header) =>
        Assert.Equal("cstpbox@amd.test", await SignerAsync(envelopeSender, header));
}

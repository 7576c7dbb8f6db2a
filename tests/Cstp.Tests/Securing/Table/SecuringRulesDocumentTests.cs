using System.Runtime.CompilerServices;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Cstp.PolicyAllOrNothing;

namespace Cstp.Tests.Securing.Table;

/// <summary>The document that lists what becomes of what is written by the code that decides it. <c>CSTP_TEST_WRITE=1</c> writes it anew.</summary>
public sealed class SecuringRulesDocumentTests
{
    private const string Introduction = """
        # What becomes of a message

        Written by the tests, which walk through every combination and hold this page to what the box does. A row stands for all combinations of what its
        cells name; "any" is all of them. The log is what the box writes about the message, without time and session; its events are explained in
        [operations.md](operations.md).

        Mail from inside to local users and mail from outside to others is never touched, whatever the rules say. What the rows cannot show is in the
        [administrator's guide](administrator.md#4-what-is-done-to-messages): blind copies, aliases, senders' demands (which count as `require`), what is sealed for other recipients.


        """;

    [Fact]
    public async Task The_document_lists_what_becomes_of_every_combination()
    {
        OutboundTable outbound = await OutboundTable.MakeAsync();
        InboundTable inbound = await InboundTable.MakeAsync();
        Assert.Equal(3 * 2 * 5 * 5 * 2 * 3 * 3 * 2, outbound.Table.Combinations);
        Assert.Equal(6 * 5 * 3 * 3 * 3, inbound.Table.Combinations);
        var document = new StringBuilder(Introduction);
        outbound.Table.Write(document);
        inbound.Table.Write(document);
        string written = document.ToString().TrimEnd('\n') + "\n";
        string file = DocumentFile();
        if (Environment.GetEnvironmentVariable("CSTP_TEST_WRITE") == "1")
            await File.WriteAllTextAsync(file, written, TestContext.Current.CancellationToken);
        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), written);
    }

    [Theory]
    [InlineData(Side.Inside, "boss@amd.test")]
    [InlineData(Side.Outside, "x@other.test")]
    public void Mail_to_local_users_from_inside_and_to_others_from_outside_is_never_touched(Side side, string recipient)
    {
        foreach (Demand demand in Enum.GetValues<Demand>())
        {
            var options = new SecuringOptions
            {
                SignWithoutCertificate = true,
                Rules = [new() { Encrypt = demand, Sign = demand }],
                Triggers = new() { EncryptTag = "[encrypt]" },
            };
            using var box = new TableBox(new AllOrNothingPolicy(), options, []);
            var envelope = new MessageEnvelope("table", side, Mailbox.Parse("juro@amd.test"), [Mailbox.Parse(recipient)], BodyValue.SevenBit, ServerTakes8Bit: true);
            Assert.Null(box.Box.Security.DecideRecipient(envelope with { Recipients = [] }, [], envelope.Recipients[0], RecipientNotification.Default));
            Assert.Null(box.Box.Security.DecideData(envelope));
            Assert.False(box.Box.Security.Touches(envelope));
        }
    }

    private static string DocumentFile([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "..", "docs", "securing-rules.md"));
}

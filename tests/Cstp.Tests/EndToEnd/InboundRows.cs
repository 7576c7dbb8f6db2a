using Cstp.Abstractions;
using Cstp.Core.Securing;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.EndToEnd;

/// <summary>What the rows about inbound mail share: bob of amd writes to anna, whose box trusts him.</summary>
internal static class InboundRows
{
    public const string Entity = "Content-Type: text/plain\r\n\r\nHello Anna\r\n";
    public const string Bob = "bob@amd.test";

    public static readonly CmsIdentity BobKey = Identity(Bob);
    public static readonly CmsIdentity EveKey = Identity("eve@evil.test");

    public static TwoBoxes Boxes(SecuringOptions? options = null)
    {
        var boxes = new TwoBoxes(securing: options);
        boxes.Intel.TrustUser(BobKey.Certificate, Bob);
        return boxes;
    }

    public static async Task<string> OpenAsync(TwoBoxes boxes, string message, params string[] to) =>
        (await boxes.OpenAsync(Octets(message), Bob, to.Length > 0 ? to : ["anna@intel.test"])).Text;

    /// <summary>Kept: the octets as they came, under a result or none.</summary>
    public static async Task AssertKeptAsync(TwoBoxes boxes, string message, string? result)
    {
        string arrived = await OpenAsync(boxes, message);
        if (result is null)
        {
            Assert.Equal(message, arrived);
            return;
        }
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived, StringComparison.Ordinal);
        Assert.EndsWith(message, arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("smime=pass", arrived, StringComparison.Ordinal);
    }

    public static async Task<string> AssertOpenedAsync(TwoBoxes boxes, string message, string result)
    {
        string arrived = await OpenAsync(boxes, message);
        Assert.StartsWith($"Authentication-Results: cstp.intel.test;\r\n\tsmime={result}", arrived, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nHello Anna\r\n", arrived, StringComparison.Ordinal);
        Assert.DoesNotContain("pkcs7", arrived, StringComparison.Ordinal);
        return arrived;
    }

    public static async Task AssertStaysAsync(TwoBoxes boxes, string message) =>
        Assert.EndsWith(message, await OpenAsync(boxes, message), StringComparison.Ordinal);
}

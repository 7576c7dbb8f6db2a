namespace Cstp.EndToEnd.Harness;

/// <summary>What a message looks like behind a box.</summary>
internal static class Arrived
{
    /// <summary>Takes off the one field that a box adds, and requires it.</summary>
    /// <param name="message">As it arrived, lines ending in CRLF.</param>
    /// <param name="box">The box's authserv-id.</param>
    public static string WithoutResults(string message, string box = "cstp.intel.test")
    {
        Assert.StartsWith($"Authentication-Results: {box};", message, StringComparison.Ordinal);
        int end = message.IndexOf("\r\n", StringComparison.Ordinal);
        while (message[end + 2] is '\t' or ' ')
            end = message.IndexOf("\r\n", end + 2, StringComparison.Ordinal);
        Assert.Contains("smime=pass", message[..end], StringComparison.Ordinal);
        return message[(end + 2)..];
    }
}

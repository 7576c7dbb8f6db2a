using System.Globalization;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Comparison;

/// <summary>What <c>smtp-source</c> sends.</summary>
/// <param name="Octets">Size of a message's body.</param>
/// <param name="Sessions">Sessions at a time.</param>
/// <param name="IsReused">Whether a session carries many messages, or one.</param>
internal sealed record Load(int Octets, int Sessions, bool IsReused)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>The recipient.</summary>
    public string Recipient { get; init; } = "guest@elsewhere.test";

    /// <summary>The sender.</summary>
    public string Sender { get; init; } = "juro@amd.test";

    /// <summary>A file whose message is sent instead of a generated one.</summary>
    public string? Message { get; init; }

    /// <summary>Sends messages and waits until the last was accepted.</summary>
    /// <param name="port">Where to.</param>
    /// <param name="messages">How many.</param>
    public async Task SendAsync(int port, int messages)
    {
        string[] content = Message is null ? ["-l", Octets.ToString(CultureInfo.InvariantCulture)] : ["-F", Message];
        Command done = await Command.TryAsync(
            s_limit, "smtp-source",
            ["-s", Math.Min(Sessions, messages).ToString(CultureInfo.InvariantCulture), "-m", messages.ToString(CultureInfo.InvariantCulture), .. IsReused ? ["-d"] : Array.Empty<string>(),
             "-C", "10", "-f", Sender, "-t", Recipient, .. content, $"127.0.0.1:{port}"]);
        if (done.Status != 0)
            throw new InvalidOperationException($"smtp-source to port {port}: {done.Error}");
    }
}

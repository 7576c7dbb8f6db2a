using System.Diagnostics;
using System.Globalization;
using Cstp.Bench.Peers;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Comparison;

/// <summary>A loop in C over libcrypto's CMS functions, without SMTP, MIME and Base64.</summary>
/// <param name="name">The row's name.</param>
/// <param name="program">The compiled loop.</param>
/// <param name="isSecuring">Whether it signs and encrypts, or decrypts and verifies.</param>
/// <param name="own">Its key.</param>
/// <param name="other">The other's certificate.</param>
/// <param name="message">What it works on.</param>
/// <param name="messages">Messages of one run.</param>
internal sealed class LoopRun(string name, string program, bool isSecuring, KeyFiles own, string other, string message, int messages) : Contestant(name, messages)
{
    /// <inheritdoc/>
    protected override async Task<Run> MeasureAsync()
    {
        long start = Stopwatch.GetTimestamp();
        string[] printed = (await Command.RunAsync(
            program, isSecuring ? "secure" : "open", own.Key, own.Certificate, other, message, Messages.ToString(CultureInfo.InvariantCulture))).Split();
        return new(
            TimeSpan.FromTicks(long.Parse(printed[0], CultureInfo.InvariantCulture) / 100), Stopwatch.GetElapsedTime(start), long.Parse(printed[1], CultureInfo.InvariantCulture) * 1024);
    }
}

using System.IO.Pipelines;

namespace Cstp.Core.Smtp;

/// <summary>Passes octets both ways without looking at them, until both ends have closed.</summary>
internal static class BlindRelay
{
    /// <summary>Relays.</summary>
    /// <param name="client">One end.</param>
    /// <param name="server">The other end.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task RunAsync(SmtpConnection client, SmtpConnection server, CancellationToken cancel) =>
        await Task.WhenAll(PassAsync(client, server, cancel), PassAsync(server, client, cancel));

    private static async Task PassAsync(SmtpConnection from, SmtpConnection to, CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await from.ReadAsync().WaitAsync(cancel);
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                to.Write(segment.Span);
            from.AdvanceTo(read.Buffer.End, read.Buffer.End);
            await to.FlushAsync(cancel);
            if (read.IsCompleted)
            {
                await to.ShutdownSendAsync();
                return;
            }
        }
    }
}

namespace Cstp.Core.Smtp;

/// <summary>Says NOOP to a server that waits while we hold content, so that its five minutes (RFC 5321 4.5.3.2.7) do not pass.</summary>
internal sealed class ServerKeepAlive : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <summary>Starts.</summary>
    /// <param name="server">A server with no command under way; not to be used by others before <see cref="StopAsync"/>.</param>
    /// <param name="options">How often.</param>
    /// <param name="time">The clock.</param>
    public ServerKeepAlive(SmtpConnection server, SmtpOptions options, TimeProvider time) => _running = RunAsync(server, options, time, _stop.Token);

    /// <summary>Ends it; a reply under way is waited for.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Ends it without waiting.</summary>
    public void Dispose() => _stop.Cancel();

    private static async Task RunAsync(SmtpConnection server, SmtpOptions options, TimeProvider time, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.KeepAlive, time, stop);
                await server.SendAsync("NOOP\r\n", CancellationToken.None);
                await server.ReadReplyAsync(CancellationToken.None).WaitAsync(options.ReplyTimeout, time, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionLostException or TimeoutException)
        {
            // A server that is gone shows again, and with a reply to the client, at the next command.
        }
    }
}

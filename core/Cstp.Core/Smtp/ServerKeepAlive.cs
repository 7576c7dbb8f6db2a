namespace Cstp.Core.Smtp;

/// <summary>Says NOOP to a server that waits while we hold content, so that its five minutes (RFC 5321 4.5.3.2.7) do not pass.</summary>
internal sealed class ServerKeepAlive : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<bool> _running;

    /// <summary>Starts.</summary>
    /// <param name="server">A server with no command under way; not to be used by others before <see cref="StopAsync"/>.</param>
    /// <param name="options">How often.</param>
    /// <param name="time">The clock.</param>
    public ServerKeepAlive(SmtpConnection server, SmtpOptions options, TimeProvider time) => _running = RunAsync(server, options, time, _stop.Token);

    /// <summary>Ends it; a reply under way is waited for.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    /// <returns>Whether the server is free for others; false where it is gone, or owes the reply to a NOOP: what it says next would pass for another reply.</returns>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        await _stop.CancelAsync();
        try
        {
            return await _running.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends it without waiting.</summary>
    public void Dispose() => _stop.Cancel();

    private static async Task<bool> RunAsync(SmtpConnection server, SmtpOptions options, TimeProvider time, CancellationToken stop)
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
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (Exception e) when (e is ConnectionLostException or TimeoutException)
        {
            return false;
        }
    }
}

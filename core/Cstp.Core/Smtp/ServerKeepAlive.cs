namespace Cstp.Core.Smtp;

/// <summary>Says NOOP to a server that waits while we hold content, so that its five minutes (RFC 5321 4.5.3.2.7) do not pass.</summary>
internal sealed class ServerKeepAlive : IDisposable
{
    private readonly SmtpConnection _server;
    private readonly SmtpOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private Task<bool>? _exchange;
    private bool _isStopped;
    private volatile bool _isLost;

    /// <summary>Starts.</summary>
    /// <param name="server">A server with no command under way; not to be used by others before <see cref="StopAsync"/>.</param>
    /// <param name="options">How often.</param>
    /// <param name="time">The clock.</param>
    public ServerKeepAlive(SmtpConnection server, SmtpOptions options, TimeProvider time)
    {
        _server = server;
        _options = options;
        _time = time;
        _timer = time.CreateTimer(static state => ((ServerKeepAlive)state!).Begin(), this, options.KeepAlive, options.KeepAlive);
    }

    /// <summary>Ends it; a reply under way is waited for.</summary>
    /// <param name="cancel">Ends the waiting.</param>
    /// <returns>Whether the server is free for others; false where it is gone, or owes the reply to a NOOP: what it says next would pass for another reply.</returns>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        Dispose();
        if (_exchange is null)
            return true;
        try
        {
            return await _exchange.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends it without waiting.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isStopped = true;
        _timer.Dispose();
    }

    private void Begin()
    {
        lock (_gate)
        {
            // A server that did not answer, or not as SMTP, is asked no second time: whoever stops this hears of it.
            if (!_isStopped && !_isLost && (_exchange is null || _exchange.IsCompletedSuccessfully))
                _exchange = ExchangeAsync();
        }
    }

    private async Task<bool> ExchangeAsync()
    {
        try
        {
            await _server.SendAsync("NOOP\r\n", CancellationToken.None);
            await _server.ReadReplyAsync(CancellationToken.None).WaitAsync(_options.ReplyTimeout, _time, CancellationToken.None);
            return true;
        }
        catch (Exception e) when (e is ConnectionLostException or TimeoutException)
        {
            _isLost = true;
            return false;
        }
    }
}

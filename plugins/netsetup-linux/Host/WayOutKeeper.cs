using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;

namespace Cstp.NetsetupLinux.Host;

/// <summary>
/// Keeps the way by which the proxy's packets leave. With a device's last IPv4 address the kernel forgets all of its routes, and a
/// DHCP client takes the old address away before it gives a new one.
/// </summary>
internal sealed partial class WayOutKeeper : IDisposable
{
    private readonly Func<CancellationToken, Task> _restore;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _one = new(1);
    private int _isWaiting;

    /// <summary>Begins to watch.</summary>
    /// <param name="restore">Makes the way anew, whether it is there or not.</param>
    /// <param name="logger">Told where that failed.</param>
    public WayOutKeeper(Func<CancellationToken, Task> restore, ILogger logger)
    {
        _restore = restore;
        _logger = logger;
        NetworkChange.NetworkAddressChanged += OnChanged;
    }

    /// <summary>Ends watching.</summary>
    public void Dispose()
    {
        NetworkChange.NetworkAddressChanged -= OnChanged;
        _end.Cancel();
    }

    /// <summary>One attempt under way and one after it are enough, however many addresses change meanwhile.</summary>
    private void OnChanged(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref _isWaiting, 1) == 0)
            _ = RestoreAsync();
    }

    private async Task RestoreAsync()
    {
        try
        {
            await _one.WaitAsync(_end.Token);
            try
            {
                Interlocked.Exchange(ref _isWaiting, 0);
                await _restore(_end.Token);
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The proxy ends; what it leaves behind is the network's own state.
        }
        catch (Exception broken)
        {
            Failed(_logger, broken.Message);
        }
    }

    [LoggerMessage(401, LogLevel.Error, "the way out of the box could not be made anew after a change of addresses: {Reason} Run 'cstp net up'; until then mail waits.")]
    private static partial void Failed(ILogger logger, string reason);
}

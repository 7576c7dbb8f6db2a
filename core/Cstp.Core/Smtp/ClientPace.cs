using System.IO.Pipelines;

namespace Cstp.Core.Smtp;

/// <summary>Reads a client's message, and holds it to a pace.</summary>
/// <param name="client">The client; read by nobody else meanwhile.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class ClientPace(SmtpConnection client, SmtpOptions options, TimeProvider time)
{
    /// <summary>Below 100 octets a second over three minutes of our waiting, a client is holding the connection, not sending.</summary>
    private const long SlowOctets = 100 * 180;

    private static readonly TimeSpan s_slowWindow = TimeSpan.FromMinutes(3);

    private TimeSpan _waited;
    private long _inWindow;

    /// <summary>Waits for more.</summary>
    /// <param name="cancel">Ends the waiting; the read itself outlives it: whoever reads the client next joins it.</param>
    /// <returns>What came; null where the client is too slow.</returns>
    /// <exception cref="ConnectionLostException">The client is gone.</exception>
    public async ValueTask<ReadResult?> ReadAsync(CancellationToken cancel)
    {
        if (_waited > s_slowWindow)
        {
            if (_inWindow < SlowOctets)
                return null;
            _waited = TimeSpan.Zero;
            _inWindow = 0;
        }
        Task<ReadResult> reading = client.ReadAsync();
        if (reading.IsCompleted)
            return await reading;
        long before = time.GetTimestamp();
        try
        {
            return await reading.WaitAsync(options.DataTimeout, time, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _waited += time.GetElapsedTime(before);
        }
    }

    /// <summary>Counts what was used.</summary>
    /// <param name="octets">How many.</param>
    public void Took(long octets) => _inWindow += octets;
}

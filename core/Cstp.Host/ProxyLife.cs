using Cstp.Core.Smtp;

namespace Cstp.Host;

/// <summary>Whether the proxy lives.</summary>
/// <param name="proxy">The proxy, started.</param>
internal sealed class ProxyLife(SmtpProxy proxy) : IServiceLife, IDisposable
{
    private readonly LoopbackProbe _probe = new();

    /// <inheritdoc/>
    public int Sessions => proxy.SessionCount;

    /// <inheritdoc/>
    public async ValueTask<string?> FaultAsync(TimeSpan limit)
    {
        if (!proxy.IsAccepting && !proxy.IsDraining)
            return "a listener is served no more";
        return await _probe.AnswersAsync(limit, CancellationToken.None) ? null : $"sockets do not answer within {limit.TotalSeconds:0.#} s";
    }

    /// <inheritdoc/>
    public void Dispose() => _probe.Dispose();
}

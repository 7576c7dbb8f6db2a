using System.Net;

namespace Cstp.Host.Configuration;

/// <summary>Section <c>[metrics]</c>.</summary>
internal sealed record MetricsOptions
{
    /// <summary>Where Prometheus may read them; null: nowhere.</summary>
    public IPEndPoint? Listen { get; init; }
}

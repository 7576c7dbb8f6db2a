using System.Net;
using System.Net.Sockets;
using Cstp.Core.Diagnostics;
using Cstp.Host.Configuration;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Cstp.Host;

/// <summary>The metrics for Prometheus, under <c>http://LISTEN/metrics</c>: the product's own, and those of plugins whose meter begins with <c>Cstp.</c></summary>
internal static class MetricsEndpoint
{
    /// <summary>Starts to serve, where configured.</summary>
    /// <param name="options">Section <c>[metrics]</c>.</param>
    /// <returns>Ends it when disposed; null where nothing is configured.</returns>
    public static MeterProvider? Start(MetricsOptions options)
    {
        if (options.Listen is not { } listen)
            return null;
        string host = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any)
            ? "*"
            : listen.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{listen.Address}]" : listen.Address.ToString();
        return Sdk.CreateMeterProviderBuilder()
            .AddMeter(CstpMetrics.MeterName, CstpMetrics.MeterName + ".*")
            .AddPrometheusHttpListener(listener => { listener.Host = host; listener.Port = listen.Port; })
            .Build();
    }
}

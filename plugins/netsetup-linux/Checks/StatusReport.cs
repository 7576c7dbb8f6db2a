using System.Globalization;
using Cstp.Abstractions;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Rules;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Checks;

/// <summary>How things stand.</summary>
/// <param name="settings">The settings.</param>
/// <param name="arrangement">What brings the network up.</param>
internal sealed class StatusReport(LinuxSettings settings, Arrangement arrangement)
{
    /// <summary>Reads it.</summary>
    /// <param name="cancel">Ends the look.</param>
    public async Task<NetworkStatus> ReadAsync(CancellationToken cancel)
    {
        Wire wire = await arrangement.WireAsync(cancel);
        var facts = new List<KeyValuePair<string, string>>
        {
            new("mode", Word(settings.Mode)),
            new("failure", Word(settings.Failure)),
            new("inside", string.Join(' ', wire.On(Side.Inside).Select(port => port.Name))),
            new("outside", string.Join(' ', wire.On(Side.Outside).Select(port => port.Name))),
            new("ports", string.Join(' ', wire.SmtpPorts)),
        };
        if (wire.IsBridge)
            facts.Add(new("bridge", wire.Bridge));
        (bool lives, bool accepts) = await ProxyAsync(cancel);
        facts.Add(new("proxy", accepts ? "accepts" : lives ? "drains" : "is not there"));
        IReadOnlyDictionary<string, long> counters = await PathCounters.ReadAsync(cancel);
        facts.AddRange(PathCounters.Steps.Where(step => counters.ContainsKey(step.Name))
            .Select(step => new KeyValuePair<string, string>($"packets {step.Meaning}", counters[step.Name].ToString(CultureInfo.InvariantCulture))));
        return new(await arrangement.IsUpAsync(cancel), facts);
    }

    /// <summary>Whether a proxy lives, and takes new sessions.</summary>
    /// <param name="cancel">Ends the look.</param>
    public static async Task<(bool Lives, bool Accepts)> ProxyAsync(CancellationToken cancel)
    {
        IReadOnlySet<string> tables = await FactsReader.TablesAsync(cancel);
        bool Has(string state) => tables.Any(table => table.Contains($" {RuleNames.LifePrefix}{state}_", StringComparison.Ordinal));
        return (Has("living"), Has("accepting"));
    }

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

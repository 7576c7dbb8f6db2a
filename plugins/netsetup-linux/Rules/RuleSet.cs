using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Rules;

/// <summary>The rules that stay until <c>net down</c>, as one script that nft applies whole or not at all.</summary>
internal static class RuleSet
{
    /// <summary>Writes it.</summary>
    /// <param name="wire">The wire.</param>
    public static string Write(Wire wire)
    {
        var rules = new RuleWriter();
        if (wire.Mode == NetworkKind.Routed)
        {
            new RoutedRules(wire, rules).Write();
            return rules.ToString();
        }
        new BridgeRules(wire, rules).Write();
        new DeliveryRules(wire, rules).Write();
        if (wire.Mode == NetworkKind.Transparent)
            new GuardRules(wire, rules).Write();
        return rules.ToString();
    }
}

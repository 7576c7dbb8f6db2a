using Cstp.Abstractions;
using Cstp.Conformance.Crypto;
using Cstp.Conformance.Running;

namespace Cstp.Conformance;

/// <summary>The rules for crypto modules.</summary>
/// <remarks>
/// Structures, keys and certificates are made by the suite, apart from the module; what the module writes is read by the suite.
/// A module must be able to sign and verify with RSA (v1.5) and ECDSA P-256 over SHA-256, and to encrypt and decrypt with
/// AES-128 and AES-256 in CBC and GCM for RSA (v1.5) and ECDH P-256; what else its <see cref="ICmsEnveloper.Capabilities"/> do not
/// name is unsupported.
/// </remarks>
public static class CryptoConformance
{
    private static readonly IReadOnlyList<CryptoRule> s_rules =
    [
        .. SigningRules.All, .. EncryptingRules.All, .. SizeRules.All, .. PortionRules.All, .. SignatureRules.All,
        .. EnvelopeRules.All, .. MlDsaRules.All, .. MlKemRules.All, .. BerRules.All, .. DamageRules.All, .. KeyRules.All, .. PipeRules.All, .. LoadRules.All,
    ];

    /// <summary>All rules, in the order in which they run.</summary>
    public static IReadOnlyList<ConformanceRule> Rules { get; } = [.. s_rules.Select(rule => new ConformanceRule(rule.Id, rule.Title))];

    /// <summary>Holds a module to all rules. Takes some tens of seconds; a row that gets no answer within 60 s fails.</summary>
    /// <param name="module">The module; called by several threads at once.</param>
    /// <param name="progress">Told of each row once it is known, or null.</param>
    /// <param name="cancel">Ends the run with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A row for each rule, in their order. Nothing that the module throws comes out.</returns>
    public static Task<IReadOnlyList<ConformanceRow>> RunAsync(ICmsEnveloper module, IProgress<ConformanceRow>? progress, CancellationToken cancel) =>
        RunAsync(module, static _ => true, progress, cancel);

    /// <summary>Holds a module to some of the rules.</summary>
    /// <param name="module">The module; called by several threads at once.</param>
    /// <param name="choose">Whether a rule is meant.</param>
    /// <param name="progress">Told of each row once it is known, or null.</param>
    /// <param name="cancel">Ends the run with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A row for each chosen rule, in their order. Nothing that the module throws comes out.</returns>
    public static async Task<IReadOnlyList<ConformanceRow>> RunAsync(
        ICmsEnveloper module, Predicate<ConformanceRule> choose, IProgress<ConformanceRow>? progress, CancellationToken cancel)
    {
        var rows = new List<ConformanceRow>();
        foreach (CryptoRule rule in s_rules.Where(rule => choose(new(rule.Id, rule.Title))))
        {
            ConformanceRow row = await rule.RunAsync(module, RowRunner.Limit, cancel);
            rows.Add(row);
            progress?.Report(row);
        }
        return rows;
    }
}

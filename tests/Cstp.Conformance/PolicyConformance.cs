using Cstp.Abstractions;
using Cstp.Conformance.Policy;
using Cstp.Conformance.Running;

namespace Cstp.Conformance;

/// <summary>The rules for recipient policies.</summary>
/// <remarks>
/// A policy is asked as the host asks it, about thousands of generated transactions, the same at every run. What the
/// configuration demands can be met in each of them: an unencrypted delivery is enough for recipients without a certificate.
/// </remarks>
public static class PolicyConformance
{
    /// <summary>All rules, in the order in which they run.</summary>
    public static IReadOnlyList<ConformanceRule> Rules { get; } = [.. PolicyRules.All.Select(rule => new ConformanceRule(rule.Id, rule.Title))];

    /// <summary>Holds a policy to all rules. Takes some seconds; a row that gets no answer within 60 s fails.</summary>
    /// <param name="policy">The policy; called by several threads at once.</param>
    /// <param name="progress">Told of each row once it is known, or null.</param>
    /// <param name="cancel">Ends the run with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A row for each rule, in their order. Nothing that the policy throws comes out.</returns>
    public static Task<IReadOnlyList<ConformanceRow>> RunAsync(IRecipientPolicy policy, IProgress<ConformanceRow>? progress, CancellationToken cancel) =>
        RunAsync(policy, static _ => true, progress, cancel);

    /// <summary>Holds a policy to some of the rules.</summary>
    /// <param name="policy">The policy; called by several threads at once.</param>
    /// <param name="choose">Whether a rule is meant.</param>
    /// <param name="progress">Told of each row once it is known, or null.</param>
    /// <param name="cancel">Ends the run with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A row for each chosen rule, in their order. Nothing that the policy throws comes out.</returns>
    public static async Task<IReadOnlyList<ConformanceRow>> RunAsync(
        IRecipientPolicy policy, Predicate<ConformanceRule> choose, IProgress<ConformanceRow>? progress, CancellationToken cancel)
    {
        var rows = new List<ConformanceRow>();
        foreach (PolicyRule rule in PolicyRules.All.Where(rule => choose(new(rule.Id, rule.Title))))
        {
            ConformanceRow row = await RowRunner.RunAsync(
                new(rule.Id, rule.Title), stop => Task.Run(() => rule.Check(policy, stop), stop), RowRunner.Limit, cancel);
            rows.Add(row);
            progress?.Report(row);
        }
        return rows;
    }
}

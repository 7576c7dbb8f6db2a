using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Running;

namespace Cstp.Conformance.Crypto;

/// <summary>A rule for crypto modules.</summary>
/// <param name="Id">See <see cref="ConformanceRule"/>.</param>
/// <param name="Title">See <see cref="ConformanceRule"/>.</param>
/// <param name="Check">Ends with an exception where the rule does not hold.</param>
/// <param name="Needs">What the module must be able to do for the rule to say anything.</param>
internal sealed record CryptoRule(string Id, string Title, Func<ModuleExchange, Task> Check, params IReadOnlyList<Ability> Needs)
{
    public Task<ConformanceRow> RunAsync(ICmsEnveloper module, TimeSpan limit, CancellationToken cancel) =>
        RowRunner.RunAsync(new(Id, Title), stop => CheckAsync(module, stop), limit, cancel);

    private Task CheckAsync(ICmsEnveloper module, CancellationToken stop)
    {
        CmsCapabilities capabilities = module.Capabilities;
        List<Ability> missing = [.. Needs.Where(need => !need.IsIn(capabilities))];
        if (missing.Find(need => need.IsMandatory) is { Name: not null } owed)
            throw new Shortfall($"{owed} is not among its capabilities, and every module must have it");
        if (missing.Count > 0)
            throw new NotSupported($"{missing[0]} is not among its capabilities");
        return Check(new ModuleExchange(module, stop));
    }
}

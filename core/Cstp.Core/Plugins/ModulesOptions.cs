using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Plugins;

/// <summary>Section <c>[modules]</c>: which module of each kind runs, by its plugin's name.</summary>
internal sealed record ModulesOptions
{
    private const string MustName = "must name a plugin";

    /// <summary>The crypto module.</summary>
    [MinLength(1, ErrorMessage = MustName)]
    public required string Crypto { get; init; }

    /// <summary>The recipient policy.</summary>
    [MinLength(1, ErrorMessage = MustName)]
    public required string Policy { get; init; }

    /// <summary>The network mode.</summary>
    [MinLength(1, ErrorMessage = MustName)]
    public required string Network { get; init; }

    /// <summary>The interceptors, in the order in which they are asked.</summary>
    public IReadOnlyList<string> Interceptors { get; init; } = [];

    /// <summary>The plugins that are selected in some role.</summary>
    public IEnumerable<string> Names => new[] { Crypto, Policy, Network }.Concat(Interceptors).Where(name => !string.IsNullOrEmpty(name)).Distinct();
}

namespace Cstp.Host.Configuration;

/// <summary>Configuration, store or plugins are not as they must be; nothing was started.</summary>
/// <param name="problems">All of them, each with place, cause and mend.</param>
internal sealed class ConfigurationException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>All of them, each with place, cause and mend.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

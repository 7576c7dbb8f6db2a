namespace Cstp.Conformance;

/// <summary>What came out of one row.</summary>
public enum ConformanceResult
{
    /// <summary>The module does what the row asks.</summary>
    Holds,

    /// <summary>It does not: it answered otherwise, threw, or gave no answer in time.</summary>
    Fails,

    /// <summary>The module says that it does not do this, and need not.</summary>
    Unsupported,
}

/// <summary>Something that a module is asked to do.</summary>
/// <param name="Id">The same for every module and every version of the suite: lower-case words with dots and hyphens.</param>
/// <param name="Title">What must be the case, for people.</param>
public sealed record ConformanceRule(string Id, string Title);

/// <summary>What one module made of one rule.</summary>
/// <param name="Id">The rule's id.</param>
/// <param name="Title">The rule's title.</param>
/// <param name="Result">What came out.</param>
/// <param name="Detail">What was met where it does not hold; empty where it does.</param>
public sealed record ConformanceRow(string Id, string Title, ConformanceResult Result, string Detail);

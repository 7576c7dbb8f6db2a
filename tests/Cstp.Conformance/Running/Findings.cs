namespace Cstp.Conformance.Running;

/// <summary>A rule is broken.</summary>
/// <param name="detail">What was met.</param>
internal sealed class Shortfall(string detail) : Exception(detail);

/// <summary>What the rule is about, the module does not do, and need not.</summary>
/// <param name="detail">What it does not do.</param>
internal sealed class NotSupported(string detail) : Exception(detail);

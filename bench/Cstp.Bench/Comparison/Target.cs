using System.Globalization;

namespace Cstp.Bench.Comparison;

/// <summary>What a ratio shall be.</summary>
/// <param name="Value">The bound.</param>
/// <param name="IsUpper">Whether it may not be exceeded; otherwise it must be reached.</param>
internal sealed record Target(double Value, bool IsUpper)
{
    private static readonly Dictionary<string, Target> s_all = new()
    {
        ["passthroughCpuToNginx"] = AtMost(1.0),
        ["passthroughNewSessionCpuToNginx"] = AtMost(1.2),
        ["passthrough1mCpuToNginx"] = AtMost(1.0),
        ["secured10kRsa2048ToCLoop"] = AtLeast(1.0),
        ["secured10kP256ToCLoop"] = AtLeast(1.3),
        ["secured10mRsa2048ToCLoop"] = AtLeast(1.5),
        ["opened10kRsa2048ToCLoop"] = AtLeast(1.0),
        ["opened10kP256ToCLoop"] = AtLeast(1.0),
        ["opened10mRsa2048ToCLoop"] = AtLeast(0.8),
        ["secured10kToPostfixFilter"] = AtLeast(20),
    };

    /// <summary>The target of a ratio.</summary>
    /// <param name="ratio">Its name.</param>
    public static Target Of(string ratio) => s_all[ratio];

    /// <summary>Whether a measured ratio is good enough.</summary>
    /// <param name="measured">The ratio.</param>
    public bool IsMet(double measured) => IsUpper ? measured <= Value : measured >= Value;

    /// <summary>As it stands in the table.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsUpper ? "at most" : "at least")} {Value:0.0#}");

    private static Target AtMost(double value) => new(value, IsUpper: true);

    private static Target AtLeast(double value) => new(value, IsUpper: false);
}

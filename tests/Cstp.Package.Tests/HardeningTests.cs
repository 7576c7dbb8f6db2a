using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cstp.Package.Tests;

/// <summary>What systemd itself says of the units.</summary>
public sealed partial class HardeningTests
{
    private static readonly string s_packaging = Path.Combine(Installation.Root, "packaging", "debian");

    [Fact]
    public async Task The_proxys_exposure_is_below_two_and_a_half() =>
        Assert.InRange(double.Parse(Exposure().Match(await AnalyzeAsync("cstp.service", "--no-pager")).Groups[1].Value, CultureInfo.InvariantCulture), 0.1, 2.4);

    [Theory]
    [InlineData("cstp.service")]
    [InlineData("cstp-network.service")]
    public async Task Every_point_that_remains_is_explained(string unit)
    {
        string text = await File.ReadAllTextAsync(Path.Combine(Installation.Root, "docs", "security.md"));
        int start = text.IndexOf($"\n### {unit}", StringComparison.Ordinal);
        Assert.True(start > 0, $"docs/security.md does not speak of {unit}");
        string[] explained = [.. Row().Matches(text[start..].Split("\n#")[1]).Select(row => row.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal))];
        string[] remaining = [.. JsonDocument.Parse(await AnalyzeAsync(unit, "--json=short")).RootElement.EnumerateArray()
            .Where(point => point.GetProperty("set").ValueKind == JsonValueKind.False && point.GetProperty("exposure").ValueKind != JsonValueKind.Null)
            .Select(point => point.GetProperty("name").GetString()!)];
        Assert.NotEmpty(remaining);
        Assert.Equal(remaining.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    private static async Task<string> AnalyzeAsync(string unit, string format)
    {
        Command done = await Command.TryAsync(TimeSpan.FromSeconds(60), "systemd-analyze", "security", "--offline=true", format, Path.Combine(s_packaging, unit));
        Assert.True(done.Status == 0, done.Error);
        return done.Output;
    }

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+) ")]
    private static partial Regex Exposure();

    [GeneratedRegex(@"^\| `([^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

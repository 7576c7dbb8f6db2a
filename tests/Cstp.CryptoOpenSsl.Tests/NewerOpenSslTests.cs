using System.Text.Json;
using System.Text.RegularExpressions;

namespace Cstp.Crypto.Tests;

/// <summary>The product and its tests with OpenSSL 3.5, whatever this machine has: what libcrypto adds there works, and the openssl command agrees.</summary>
/// <param name="root">Where OpenSSL 3.5 is.</param>
public sealed partial class NewerOpenSslTests(TrixieRoot root) : IClassFixture<TrixieRoot>
{
    [Fact]
    public void Every_rule_holds_and_none_is_unsupported()
    {
        Assert.StartsWith("OpenSSL 3.5", Run("openssl", "version"), StringComparison.Ordinal);
        // What is made in /tmp is gone with the run, so one shell does both.
        string told = Run("/bin/sh", "-euc", "cd /tmp && /cstp/artifacts/Release/cstp init box --domain amd.test >&2 && exec /cstp/artifacts/Release/cstp plugins check crypto-opensslinterop --json --config box/cstp.toml");
        using var document = JsonDocument.Parse(told[told.IndexOf('{', StringComparison.Ordinal)..(told.LastIndexOf('}') + 1)]);
        List<(string Id, string Result, string Detail)> rows =
            [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(row => (Text(row, "id"), Text(row, "result"), Text(row, "detail")))];
        Assert.True(rows.Count(row => row.Id.Contains("ml-dsa", StringComparison.Ordinal)) > 12, told);
        Assert.True(rows.Count(row => row.Id.Contains("ml-kem", StringComparison.Ordinal)) > 24, told);
        Assert.All(rows, row => Assert.Equal((row.Id, "holds", ""), row));
    }

    [Theory]
    [InlineData("Cstp.CryptoOpenSsl.Tests")]
    [InlineData("Cstp.Crypto.Tests")]
    public void The_openssl_command_and_each_module_read_each_other(string project) =>
        Passes(project, 12, "--explicit", "only", "--filter-class", "*OpenSslLatticeTests");

    [Fact]
    public void What_other_projects_wrote_is_read() => Passes("Cstp.CryptoOpenSsl.Tests", 10, "--filter-method", "*.LatticeTests.*", "*.CorpusTests.Post_quantum*");

    [Fact]
    public void Both_modules_read_each_other_and_judge_damaged_messages_alike() => Passes("Cstp.Crypto.Tests", 16, "--filter-class", "*DifferentialTests");

    [Fact]
    public void Boxes_with_either_module_understand_each_other() => Passes("Cstp.Tests", 3, "--explicit", "only", "--filter-method", "*What_one_module_sealed_with_post_quantum*");

    private static string Text(JsonElement row, string key) => row.GetProperty(key).GetString()!;

    private string Run(params IReadOnlyList<string> program)
    {
        (int status, string output) = root.Run(program);
        Assert.True(status == 0, $"{string.Join(' ', program)}: {status}\n{output}");
        return output;
    }

    private void Passes(string project, int atLeast, params string[] options)
    {
        string output = Run([$"/cstp/artifacts/Release-tests/{project}/{project}", "--no-ansi", "--progress", "off", "--results-directory", "/tmp/results", .. options]);
        Match succeeded = Succeeded().Match(output);
        Assert.True(succeeded.Success && int.Parse(succeeded.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) >= atLeast, output);
    }

    [GeneratedRegex("(?m)^ *succeeded: ([0-9]+)$")]
    private static partial Regex Succeeded();
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Authors;

/// <summary>Walks docs/plugin-authors.md, line by line as it stands there.</summary>
public sealed partial class AuthorsGuideTests
{
    private static readonly string s_original = "From: ann@acme.test\r\nTo: bob@intel.test\r\nSubject: plan\r\n\r\nThe secret plan.\r\n";

    [Fact]
    public async Task From_dotnet_new_to_a_module_that_is_checked_selected_and_runs_in_ten_minutes()
    {
        string[] blocks = Blocks();
        var clock = Stopwatch.StartNew();
        using var home = new AuthorsHome();
        var said = new List<string>();
        foreach (string block in blocks[..^1])
            said.Add(await home.RunAsync(block, TimeSpan.FromMinutes(10) - clock.Elapsed));
        string all = string.Join('\n', said);
        Assert.Matches(@"(?m)^crypto-acme: \d+ hold, 0 fail, \d+ unsupported$", all);
        Assert.Matches(@"(?m)^policy-acme: \d+ hold, 0 fail, 0 unsupported$", all);
        Assert.Matches(@"(?m)^ +failed: 0$", all);
        Assert.True(File.Exists(home.Of("crypto-acme", "crypto-acme", "Enveloper.cs")));
        Assert.Contains("namespace CryptoAcme;", await File.ReadAllTextAsync(home.Of("crypto-acme", "crypto-acme", "Enveloper.cs")), StringComparison.Ordinal);

        await RunsAsync(home, blocks[^1], TimeSpan.FromMinutes(10) - clock.Elapsed);
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(10), $"took {clock.Elapsed}");
        await SealsAsync(home);
    }

    /// <summary>The samples themselves build from the packages alone, and what they know of the product are packages.</summary>
    [Fact]
    public async Task The_samples_build_from_a_local_feed_without_the_products_projects()
    {
        using var home = new AuthorsHome();
        await home.RunAsync("~/cstp/templates/pack ~/artifacts/packages && mkdir samples && cd ~/cstp/samples && tar c --exclude bin --exclude obj . | tar x -C ~/samples", TimeSpan.FromMinutes(2));
        string[] projects = Directory.GetFiles(home.Of("samples"), "*.csproj", SearchOption.AllDirectories);
        Assert.Equal(3, projects.Length);
        Assert.DoesNotContain(projects.Select(File.ReadAllText), project => project.Contains("core/", StringComparison.Ordinal));
        foreach (string sample in new[] { "crypto-sample", "policy-sample" })
        {
            // Without the network that the sample's own configuration names besides the feed.
            await home.RunAsync($"sed -i /nuget.org/d samples/{sample}/NuGet.config && dotnet build samples/{sample} -c Release", TimeSpan.FromMinutes(5));
            Assert.NotEmpty(Directory.GetFiles(home.Of("samples", sample), $"{sample}.dll", SearchOption.AllDirectories));
        }
    }

    /// <summary>The shell lines of the first chapter.</summary>
    private static string[] Blocks()
    {
        string guide = File.ReadAllText(Path.Combine(Installation.Root, "docs", "plugin-authors.md"));
        string chapter = guide.Split("\n## ")[1];
        Assert.StartsWith("From nothing to a running module in ten minutes", chapter, StringComparison.Ordinal);
        string[] blocks = [.. ShellBlock().Matches(chapter).Select(block => block.Groups[1].Value)];
        Assert.True(blocks.Length >= 7, "the guide has fewer steps than an author needs");
        return blocks;
    }

    private static async Task RunsAsync(AuthorsHome home, string lines, TimeSpan limit)
    {
        using Process box = home.Start("exec " + lines);
        try
        {
            using var patience = new CancellationTokenSource(limit);
            Task<string> log = box.StandardError.ReadToEndAsync(CancellationToken.None);
            string? ready = await box.StandardOutput.ReadLineAsync(patience.Token);
            Assert.True(ready?.StartsWith("cstp ready ", StringComparison.Ordinal), $"{ready}\n{(ready is null ? await log : "")}");
            // Not SIGINT: where the tests themselves run in the background, it is ignored from the start.
            await Command.RunAsync("kill", "-TERM", $"{box.Id}");
            using var drained = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            await box.WaitForExitAsync(drained.Token);
            Assert.Equal(0, box.ExitCode);
        }
        finally
        {
            if (!box.HasExited)
                box.Kill(entireProcessTree: true);
        }
    }

    /// <summary>What the author's module seals, another box with another module opens.</summary>
    private static async Task SealsAsync(AuthorsHome home)
    {
        await File.WriteAllTextAsync(home.Of("plain.eml"), s_original);
        await home.RunAsync(
            """
            ~/cstp/cstp init partner --domain intel.test
            ~/cstp/cstp --config box/cstp.toml certs export gateway > acme.pem
            ~/cstp/cstp --config partner/cstp.toml certs export gateway > intel.pem
            ~/cstp/cstp --config partner/cstp.toml certs import acme.pem --gateway acme.test
            if ~/cstp/cstp --config box/cstp.toml message secure --sender ann@acme.test --recipient bob@intel.test --in plain.eml --out refused.eml
            then echo the policy let it pass in clear; exit 1; fi
            ~/cstp/cstp --config box/cstp.toml certs import intel.pem --gateway intel.test
            ~/cstp/cstp --config box/cstp.toml message secure --sender ann@acme.test --recipient bob@intel.test --in plain.eml --out sealed.eml
            ~/cstp/cstp --config partner/cstp.toml message open --recipient bob@intel.test --in sealed.eml --out opened.eml
            """,
            TimeSpan.FromMinutes(2));
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(home.Of("sealed.eml")), StringComparison.Ordinal);
        string opened = await File.ReadAllTextAsync(home.Of("opened.eml"));
        Assert.Contains("smime=pass", opened, StringComparison.Ordinal);
        Assert.EndsWith(s_original, opened, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^```sh\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();
}

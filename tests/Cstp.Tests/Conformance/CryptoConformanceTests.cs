using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Cstp.Conformance;
using Cstp.Conformance.Running;
using Cstp.CryptoBouncyCastle;
using Cstp.CryptoOpenSslInterop;

namespace Cstp.Tests.Conformance;

/// <summary>The rules hold for a module that is right, and those that must fail for one that is not. Memory is measured, so nothing else runs.</summary>
[Collection(nameof(CryptoConformanceTests))]
[CollectionDefinition(nameof(CryptoConformanceTests), DisableParallelization = true)]
public sealed class CryptoConformanceTests
{
    // What takes long or many octets, and shows nothing about a fault in the results.
    private const string Load = "^(large|backpressure|cancel|caller|portions|parallel|ber.truncated|ber.depth|ber.empty|ber.garbage|damage|sizes)";

    [Theory]
    [InlineData("crypto-bouncycastle")]
    [InlineData("crypto-opensslinterop")]
    public async Task All_rules_hold_for_the_modules_of_the_product(string name)
    {
        ICmsEnveloper module = name == "crypto-bouncycastle" ? new BouncyCastleEnveloper() : new OpenSslEnveloper();
        IReadOnlyList<ConformanceRow> rows = await CryptoConformance.RunAsync(module, null, TestContext.Current.CancellationToken);
        // Of what libcrypto has only from 3.5 on, an older one must be told to do nothing, and nothing else may be amiss.
        bool isOld = module.Capabilities.Library.StartsWith("OpenSSL 3.", StringComparison.Ordinal) && module.Capabilities.Library[10] is >= '0' and < '5' && module.Capabilities.Library[11] == '.';
        Assert.All(rows, row => Assert.Equal(
            (row.Id, isOld && Regex.IsMatch(row.Id, "ml-(dsa|kem)") ? ConformanceResult.Unsupported : ConformanceResult.Holds),
            (row.Id, row.Result)));
        Assert.All(rows, row => Assert.Equal(row.Result == ConformanceResult.Unsupported, row.Detail.EndsWith("is not among its capabilities", StringComparison.Ordinal)));
        Assert.Equal(CryptoConformance.Rules.Select(rule => rule.Id), rows.Select(row => row.Id));
    }

    [Fact]
    public void Ids_are_unique_lower_case_words()
    {
        IEnumerable<string> ids = [.. CryptoConformance.Rules.Concat(PolicyConformance.Rules).Select(rule => rule.Id)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(ids, id => Assert.Matches("^[a-z0-9]+([.-][a-z0-9]+)*$", id));
        Assert.All(CryptoConformance.Rules.Concat(PolicyConformance.Rules), rule => Assert.False(string.IsNullOrWhiteSpace(rule.Title)));
    }

    [Fact]
    public Task Verifying_nothing_fails_what_must_be_invalid() => FailsAsync(
        new VerifiesNothing(), $"{Load}(?!.bitflip.signed)",
        @"^(verify|attributes|damage)|^ml-dsa\.(?!key-|digest)|^signature\.(detached-with|content-|several|certificate-m|same|type|digest-m|two|forged|ecdsa|ed25519|other|rsa)");

    [Fact]
    public Task Losing_the_last_block_fails_what_is_decrypted() => FailsAsync(
        new LosesTheLastBlock(), $"{Load}(?!.aes)",
        @"^(decrypt|sizes)|^recipients\.mixed|^envelope\.(?!rsa-|ten-|no-|password|triple-des-off|wrong)|^ber\.(.*\.(cbc|gcm)|trailing)|^ml-kem\.(?!key-of-|other-key)");

    [Fact]
    public Task Ignoring_the_tag_fails_what_only_the_tag_shows() => FailsAsync(
        new IgnoresTheTag(), $"{Load}(?!.bitflip.gcm)",
        @"^damage|^envelope\.(one-|rsa-|gcm-|authenticated-|tag-|all-|point-|x25519-)|^ml-kem\.(user-|ciphertext|wrapped-|other-alg|kek-|for-|transport)");

    [Fact]
    public Task Buffering_fails_back_pressure_and_large_messages_alone() => FailsAsync(
        new BuffersEverything(), "^(large.(cbc|gcm|detached)|cancel|caller|portions|ber|damage|encrypt|decrypt|verify|signature|attributes|envelope|ml-)",
        "^(backpressure|large)");

    [Fact]
    public async Task Blocking_the_caller_fails_the_row_about_it()
    {
        IReadOnlyList<ConformanceRow> rows = await CryptoConformance.RunAsync(
            new BlocksItsCaller(), rule => rule.Id.StartsWith("caller.", StringComparison.Ordinal), null, TestContext.Current.CancellationToken);
        Assert.Equal(["caller.encrypt-cbc", "caller.encrypt-gcm"], rows.Where(row => row.Result == ConformanceResult.Fails).Select(row => row.Id));
    }

    [Fact]
    public async Task Throwing_fails_every_row_with_what_was_thrown()
    {
        IReadOnlyList<ConformanceRow> rows = await FailsAsync(new Throws(), "^nothing", "^(?!capabilities)");
        Assert.Contains(rows, row => row.Detail == "threw NullReferenceException: out of order");
    }

    [Fact]
    public async Task What_a_module_need_not_do_is_unsupported_and_what_it_must_fails()
    {
        IReadOnlyList<ConformanceRow> rows = await CryptoConformance.RunAsync(
            new DoesLess(CmsAlgorithmNames.RsaPkcs1), rule => rule.Id.StartsWith("sign.", StringComparison.Ordinal), null, TestContext.Current.CancellationToken);
        Assert.All(rows, row => Assert.Equal(
            row.Id.StartsWith("sign.rsa-pkcs1", StringComparison.Ordinal) ? ConformanceResult.Holds
                : row.Id == "sign.ecdsa-p256.sha256" ? ConformanceResult.Fails
                : ConformanceResult.Unsupported,
            row.Result));
        Assert.Contains(rows, row => row.Detail == "ed25519 (signature) is not among its capabilities");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_check_that_never_ends_fails_in_time(bool blocks)
    {
        using var never = new ManualResetEventSlim();
        ConformanceRow row = await RowRunner.RunAsync(
            new("hangs", "hangs"),
            async _ =>
            {
                if (blocks)
                    never.Wait(CancellationToken.None);
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            },
            TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
        Assert.Equal((ConformanceResult.Fails, "no answer within 0 s"), (row.Result, row.Detail));
        never.Set();
    }

    [Fact]
    public async Task Cancellation_ends_the_run()
    {
        using var cancel = new CancellationTokenSource();
        var seen = new List<ConformanceRow>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            CryptoConformance.RunAsync(new BouncyCastleEnveloper(), new Stopping(seen, cancel), cancel.Token));
        Assert.Single(seen);
    }

    /// <summary>Runs all rules but some, of which exactly those with certain ids must fail.</summary>
    private static async Task<IReadOnlyList<ConformanceRow>> FailsAsync(ICmsEnveloper module, string without, string failing)
    {
        IReadOnlyList<ConformanceRow> rows = await CryptoConformance.RunAsync(module, rule => !Regex.IsMatch(rule.Id, without), null, TestContext.Current.CancellationToken);
        List<string> expected = [.. rows.Select(row => row.Id).Where(id => Regex.IsMatch(id, failing))];
        List<string> found = [.. rows.Where(row => row.Result == ConformanceResult.Fails).Select(row => row.Id)];
        Assert.True(
            expected.SequenceEqual(found),
            $"should fail: {string.Join(' ', expected.Except(found))}\nshould not: {string.Join('\n', rows.Where(row => found.Except(expected).Contains(row.Id)).Select(row => $"{row.Id}: {row.Detail}"))}");
        Assert.All(rows, row => Assert.Equal(row.Result == ConformanceResult.Holds, row.Detail.Length == 0));
        return rows;
    }

    private sealed class Stopping(List<ConformanceRow> seen, CancellationTokenSource cancel) : IProgress<ConformanceRow>
    {
        public void Report(ConformanceRow value)
        {
            seen.Add(value);
            cancel.Cancel();
        }
    }
}

using Cstp.Conformance;

namespace CryptoSample.Tests;

public sealed class ConformanceTests
{
    /// <summary>The rules as theories, so that each shows by itself.</summary>
    public static IEnumerable<TheoryDataRow<string>> Rules => CryptoConformance.Rules.Select(rule => new TheoryDataRow<string>(rule.Id));

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Holds_or_says_that_it_does_not_do_this(string id)
    {
        ConformanceRow row = Assert.Single(
            await CryptoConformance.RunAsync(new Enveloper(), rule => rule.Id == id, null, TestContext.Current.CancellationToken));
        Assert.True(row.Result != ConformanceResult.Fails, $"{row.Title}: {row.Detail}");
    }
}

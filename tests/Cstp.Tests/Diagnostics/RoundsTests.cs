using Cstp.Core.Diagnostics;
using Cstp.Tests.EndToEnd;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Diagnostics;

public sealed class RoundsTests
{
    [Fact]
    public async Task A_round_that_fails_is_told_and_the_next_one_comes()
    {
        var time = new FakeTimeProvider();
        using var done = new SemaphoreSlim(0);
        var failures = new List<string>();
        int count = 0;
        await using (new Rounds(
            TimeSpan.FromMinutes(1),
            time,
            () =>
            {
                if (++count == 2)
                    throw new InvalidOperationException("the second");
                done.Release();
            },
            failed =>
            {
                failures.Add(failed.Message);
                done.Release();
            }))
        {
            // The first one comes at once.
            Assert.True(await done.WaitAsync(RawClient.Patience));
            for (int round = 2; round <= 3; round++)
            {
                time.Advance(TimeSpan.FromMinutes(1));
                Assert.True(await done.WaitAsync(RawClient.Patience));
            }
        }
        Assert.Equal((3, "the second"), (count, Assert.Single(failures)));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(3, count);
    }
}

using Cstp.GuardConnections;

namespace Cstp.Tests.Guard;

public sealed class TokenBucketTests
{
    private TokenBucket _bucket;

    private int Drain(int perMinute, TimeSpan now)
    {
        int taken = 0;
        for (; taken < 10_000 && _bucket.HasToken(perMinute, now); taken++)
            _bucket.Take(perMinute, now);
        return taken;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    public void A_minutes_worth_comes_at_once_and_fills_up_evenly(int perMinute)
    {
        Assert.Equal(perMinute, Drain(perMinute, TimeSpan.FromHours(1)));
        TimeSpan one = TimeSpan.FromMinutes(1) / perMinute;
        Assert.Equal(0, Drain(perMinute, TimeSpan.FromHours(1) + one * 0.99));
        Assert.Equal(1, Drain(perMinute, TimeSpan.FromHours(1) + one * 1.01));
        Assert.Equal(perMinute, Drain(perMinute, TimeSpan.FromHours(3)));
    }

    [Fact]
    public void At_a_steady_pace_of_the_rate_nothing_is_ever_refused()
    {
        Drain(600, TimeSpan.Zero);
        for (int i = 1; i < 100_000; i++)
        {
            TimeSpan now = TimeSpan.FromMinutes(1) / 600 * i;
            Assert.True(_bucket.HasToken(600, now), $"token {i}");
            _bucket.Take(600, now);
        }
    }

    [Fact]
    public void An_empty_bucket_stays_empty_however_often_it_is_asked()
    {
        Drain(10, TimeSpan.Zero);
        for (int i = 0; i < 1000; i++)
            _bucket.Take(10, TimeSpan.Zero);
        Assert.Equal(1, Drain(10, TimeSpan.FromSeconds(6.1)));
    }

    [Fact]
    public void Zero_is_no_limit() => Assert.Equal(10_000, Drain(0, TimeSpan.Zero));
}

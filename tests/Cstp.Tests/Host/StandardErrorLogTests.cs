using System.Globalization;
using System.Text;
using Cstp.Host;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.Host;

public sealed partial class StandardErrorLogTests
{
    private static readonly string s_padding = new('x', 100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_line_is_lost_doubled_or_out_of_order_though_many_threads_log(bool isJson)
    {
        LogFormat format = isJson ? LogFormat.Json : LogFormat.Text;
        var target = new SlowStream();
        using (ILoggerFactory loggers = Logging.Create(new LogOptions(), format, target, isJournal: false))
        {
            ILogger logger = loggers.CreateLogger("Test");
            // More than may wait, so that some wait for the reader.
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
            {
                for (int i = 0; i < 5_000; i++)
                    Line(logger, thread, i, s_padding);
            })));
        }
        string[] lines = target.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(20_000, lines.Length);
        for (int thread = 0; thread < 4; thread++)
        {
            string mark = string.Create(CultureInfo.InvariantCulture, $"thread {thread} line ");
            int next = 0;
            foreach (string line in lines.Where(line => line.Contains(mark, StringComparison.Ordinal)))
                Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{mark}{next++} "), line, StringComparison.Ordinal);
            Assert.Equal(5_000, next);
        }
    }

    [Fact]
    public async Task A_line_is_written_without_waiting_for_others()
    {
        var target = new SlowStream();
        using ILoggerFactory loggers = Logging.Create(new LogOptions(), LogFormat.Text, target, isJournal: false);
        Alone(loggers.CreateLogger("Test"));
        for (int i = 0; i < 500 && target.Text.Length == 0; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Contains("warn: Test[1] alone", target.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_journal_reads_the_level_and_gets_one_line_an_event_without_a_time()
    {
        var target = new SlowStream();
        using (ILoggerFactory loggers = Logging.Create(new LogOptions(), LogFormat.Text, target, isJournal: true))
        {
            ILogger logger = loggers.CreateLogger("Test");
            Alone(logger);
            Line(logger, 1, 2, "a\nb");
        }
        Assert.Equal("<4>Test[1] alone\n<6>Test[0] thread 1 line 2 a b\n", target.Text);
    }

    [Fact]
    public void A_reader_that_went_away_stops_nobody()
    {
        using ILoggerFactory loggers = Logging.Create(new LogOptions(), LogFormat.Text, new GoneStream(), isJournal: false);
        Alone(loggers.CreateLogger("Test"));
    }

    [LoggerMessage(0, LogLevel.Information, "thread {Thread} line {Line} {Padding}")]
    private static partial void Line(ILogger logger, int thread, int line, string padding);

    [LoggerMessage(1, LogLevel.Warning, "alone")]
    private static partial void Alone(ILogger logger);

    private sealed class SlowStream : MemoryStream
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate)
                    return Encoding.UTF8.GetString(ToArray());
            }
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Thread.Sleep(5);
            lock (_gate)
                base.Write(buffer);
        }
    }

    private sealed class GoneStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }
}

using System.Diagnostics;
using System.Net.Sockets;
using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>What becomes of mail when the proxy of the transparent box dies, drains, or was never there.</summary>
public sealed class FailureTests : IAsyncLifetime
{
    private const string Box = "box-intel", Server = "10.25.2.2", Client = "mulholland";

    public async ValueTask InitializeAsync() => await LabNetwork.RunAsync("ip", "4");

    public async ValueTask DisposeAsync()
    {
        await LabNetwork.RunAsync("proxy", Box, "kill");
        await SetAsync("closed");
        await LabNetwork.RunAsync("proxy", Box, "start");
    }

    [Fact]
    public async Task Closed_a_kill_in_the_middle_of_a_message_loses_nothing_and_mail_waits_until_the_proxy_is_back()
    {
        Letter half = Letter.Write("julia@intel", 2000), waiting = Letter.Write("julia@intel");
        using Conversation cut = await HalfAsync(half);
        await LabNetwork.RunAsync("proxy", Box, "kill");
        long gone = Stopwatch.GetTimestamp();
        Assert.Null(await cut.ReadAsync());
        Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync());
        Report("closed", gone);

        await LabNetwork.SubmitAsync("amd", waiting.Text, "juro@amd", "julia@intel");
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(60), () => LabNetwork.Log(Client).Contains("Connection refused", StringComparison.Ordinal)), LabNetwork.Logs());

        // As after a boot, before the first start.
        await LabNetwork.RunAsync("cstp", Box, "net", "down");
        await LabNetwork.RunAsync("cstp", Box, "net", "up");
        Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync());

        await LabNetwork.RunAsync("proxy", Box, "start");
        waiting.AssertOctetsIn(Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, waiting.Secret)));
        Assert.Empty(await LabNetwork.MailboxAsync("intel", "julia", 0, half.Secret));
    }

    [Fact]
    public async Task Open_mail_goes_by_untouched_while_no_proxy_is_there_and_what_began_so_ends_so()
    {
        await SetAsync("open");
        Letter half = Letter.Write("julia@intel", 2000), passing = Letter.Write("julia@intel"), begun = Letter.Write("julia@intel"), after = Letter.Write("julia@intel");
        using Conversation cut = await HalfAsync(half);
        await LabNetwork.RunAsync("proxy", Box, "kill");
        long gone = Stopwatch.GetTimestamp();
        Assert.Null(await cut.ReadAsync());
        using Conversation direct = await FirstAnswerAsync();
        Report("open", gone);
        await direct.AskAsync("DATA", "354");

        // amd's box seals; intel's is not there to open.
        await LabNetwork.SubmitAsync("amd", passing.Text, "juro@amd", "julia@intel");
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(60), () => Sealed() > 0), LabNetwork.Logs());
        int passed = Sealed();

        await LabNetwork.RunAsync("proxy", Box, "start");
        await direct.SendAsync(begun.Text.Replace("\n.\n..\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        await direct.AskAsync(".", "250");
        Assert.DoesNotContain("Authentication-Results", Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, begun.Secret)), StringComparison.Ordinal);
        await LabNetwork.SubmitAsync("amd", after.Text, "juro@amd", "julia@intel");
        after.AssertOctetsIn(Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, after.Secret)));
        Assert.Equal(passed, Sealed());
        Assert.Empty(await LabNetwork.MailboxAsync("intel", "julia", 0, half.Secret));
    }

    [Theory]
    [InlineData("closed")]
    [InlineData("open")]
    public async Task A_proxy_that_drains_ends_its_sessions_and_takes_no_new_ones(string failure)
    {
        await SetAsync(failure);
        Letter letter = Letter.Write("julia@intel", 2000);
        string text = letter.Text.Replace("\n.\n..\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal);
        using Conversation session = await Conversation.BeginAsync(Client, Server, "juro@amd", "julia@intel");
        await session.AskAsync("DATA", "354");
        await session.SendAsync(text[..(text.Length / 2)]);
        Task<string> stopping = LabNetwork.RunAsync("proxy", Box, "stop");
        Assert.True(await LabNetwork.UntilAsync(TimeSpan.FromSeconds(20), () => LabNetwork.Log(Box).TrimEnd().Split('\n')[^1].Contains("draining", StringComparison.Ordinal)), LabNetwork.Logs());
        if (failure == "closed")
        {
            Assert.Equal(SocketError.ConnectionRefused, await RefusalAsync());
        }
        else
        {
            using Conversation direct = await Conversation.BeginAsync(Client, Server, "juro@amd", "julia@intel");
            await direct.AskAsync("QUIT", "221");
        }
        Assert.False(stopping.IsCompleted);
        await session.SendAsync(text[(text.Length / 2)..]);
        await session.AskAsync(".", "250");
        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Single(await LabNetwork.MailboxAsync("intel", "julia", 1, letter.Secret));
        await LabNetwork.RunAsync("proxy", Box, "start");
    }

    /// <summary>A session that has sent half a message through the box.</summary>
    private static async Task<Conversation> HalfAsync(Letter letter)
    {
        Conversation session = await Conversation.BeginAsync(Client, Server, "juro@amd", "julia@intel");
        await session.AskAsync("DATA", "354");
        await session.SendAsync(letter.Text[..(letter.Text.Length / 2)].Replace("\n.\n..\n", "\n", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal));
        return session;
    }

    /// <summary>How a connection fails, once the router has found out where the server is.</summary>
    private static async Task<SocketError> RefusalAsync()
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            SocketError error = (await Assert.ThrowsAnyAsync<SocketException>(async () => (await Conversation.OpenAsync(Client, Server)).Dispose())).SocketErrorCode;
            if (error != SocketError.HostUnreachable || Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(20))
                return error;
        }
    }

    /// <summary>The first session that a server answers after a proxy died: one that came while it died is cut with it.</summary>
    private static async Task<Conversation> FirstAnswerAsync()
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                return await Conversation.BeginAsync(Client, Server, "juro@amd", "julia@intel");
            }
            catch (Exception e) when (e is SocketException or Xunit.Sdk.XunitException && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5))
            {
                await Task.Delay(10);
            }
        }
    }

    private static void Report(string state, long gone)
    {
        TimeSpan after = Stopwatch.GetElapsedTime(gone);
        TestContext.Current.TestOutputHelper!.WriteLine($"{state} {after.TotalMilliseconds:0} ms after the process was gone");
        Assert.True(after < TimeSpan.FromSeconds(1), $"{state} only after {after}");
    }

    private static async Task SetAsync(string failure)
    {
        await LabNetwork.ConfigureAsync(Box, "failure", $"\"{failure}\"");
        await LabNetwork.RunAsync("cstp", Box, "net", "up");
    }

    /// <summary>Messages for Julia that nobody opened.</summary>
    private static int Sealed()
    {
        string folder = Path.Combine(LabNetwork.Folder, "hosts", "intel", "mail", "julia", "new");
        return Directory.Exists(folder) ? Directory.GetFiles(folder).Count(file => File.ReadAllText(file).Contains("Subject: [...]", StringComparison.Ordinal)) : 0;
    }
}

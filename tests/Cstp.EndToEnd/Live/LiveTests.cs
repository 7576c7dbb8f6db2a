using System.Diagnostics;
using System.Net.Sockets;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Live;

/// <summary>What an administrator does to a running box.</summary>
public sealed class LiveTests
{
    private const string Message = "From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: " + WireTap.Secret + "\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n" + WireTap.Secret + "\r\n";

    [Fact]
    public async Task Sigterm_lets_a_message_in_progress_end_turns_idle_sessions_away_and_exits_with_0()
    {
        await using var server = new RecordingServer();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port);
        BoxProcess amd = boxes.Amd;
        using var busy = new RawClient(amd.InsidePort);
        using var idle = new RawClient(amd.InsidePort);
        await busy.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.StartsWith("354", await busy.AskAsync("DATA"), StringComparison.Ordinal);
        await busy.SendAsync(Message);
        Assert.StartsWith("220", await idle.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("250", await idle.AskAsync("EHLO idle.test"), StringComparison.Ordinal);

        await amd.TerminateAsync();
        Assert.StartsWith("421", await idle.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.Throws<SocketException>(() => new RawClient(amd.InsidePort).Dispose());
        await Task.Delay(TimeSpan.FromSeconds(3));   // a client that takes its time
        Assert.False(amd.Process.HasExited);

        await busy.SendAsync("the last line\r\n.\r\n");
        Assert.Equal("250 2.0.0 Ok: queued", await busy.ReadReplyAsync());
        Assert.Equal(0, await amd.ExitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(Message + "the last line\r\n", Arrived.WithoutResults(Assert.Single(server.Messages).Text));
        Assert.Equal(0, boxes.ToIntel.Sightings);
    }

    [Fact]
    public async Task A_certificate_imported_by_another_process_is_used_within_two_seconds_and_no_more_once_distrusted()
    {
        await using var server = new RecordingServer();
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port, acquainted: false);
        await SendAsync(boxes.Amd);
        Assert.NotEqual(0, boxes.ToIntel.Sightings);

        await boxes.Intel.TrustAsync(boxes.Amd);
        await boxes.Amd.TrustAsync(boxes.Intel);
        Assert.True(await BecomesAsync(boxes, secured: true), "still in clear two seconds after the import\n" + boxes.Amd.Log);

        string intels = (await boxes.Amd.CommandAsync("certs", "list")).Split('\n').First(line => line.Contains("intel.test", StringComparison.Ordinal)).Split(' ')[0];
        await boxes.Amd.CommandAsync("certs", "distrust", intels);
        Assert.True(await BecomesAsync(boxes, secured: false), "still secured two seconds after the certificate was distrusted\n" + boxes.Amd.Log);
    }

    [Fact]
    public async Task The_metrics_endpoint_tells_of_the_messages_that_passed()
    {
        await using var server = new RecordingServer();
        int port = 0;
        await using BoxPair boxes = await BoxPair.StartAsync(server.Port, prepare: box =>
        {
            if (box.Domain == "amd.test")
                box.Configure("# listen = \"127.0.0.1:9464\"", $"listen = \"127.0.0.1:{port = FreePort.Next()}\"");
        });
        await SendAsync(boxes.Amd);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        string metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
        Assert.Matches(@"(?m)^cstp_sessions_total\{.*side=""inside""\} 1$", metrics);
        Assert.Matches(@"(?m)^cstp_messages_total\{.*\} 1$", metrics);
    }

    [Fact]
    public async Task A_box_without_its_store_does_not_start_and_names_the_file()
    {
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", 9, 9);
        string store = Path.Combine(box.Folder, "cstp.db");
        File.Delete(store);
        await MustRefuseAsync(box, store);
        Assert.False(File.Exists(store), "an empty store took the place of the lost one");
    }

    [Fact]
    public async Task A_box_with_a_damaged_store_does_not_start_and_names_the_file()
    {
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", 9, 9);
        string store = Path.Combine(box.Folder, "cstp.db");
        byte[] octets = await File.ReadAllBytesAsync(store);
        octets.AsSpan(0, 4096).Fill(0xA5);
        await File.WriteAllBytesAsync(store, octets);
        await MustRefuseAsync(box, store);
    }

    [Fact]
    public async Task A_mistake_in_the_configuration_is_told_with_file_and_line()
    {
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", 9, 9);
        box.Configure("[securing]", "[securing]\nunauthentikated = \"keep\"");
        int line = 1 + Array.FindIndex(await File.ReadAllLinesAsync(box.Configuration), text => text.StartsWith("unauthentikated", StringComparison.Ordinal));
        string error = await MustRefuseAsync(box, $"{box.Configuration}:{line}");
        Assert.Contains("unauthenticated", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_box_on_the_same_address_does_not_start_and_names_the_address()
    {
        await using BoxProcess box = await BoxProcess.InitAsync("amd.test", 9, 9);
        await using BoxProcess second = await BoxProcess.InitAsync("amd.test", 9, 9);
        await box.StartAsync();
        second.Configure("inside = { listen = \"127.0.0.1:0\"", $"inside = {{ listen = \"127.0.0.1:{box.InsidePort}\"");
        Command refused = await Command.TryAsync(TimeSpan.FromSeconds(30), Installation.Program, "run", "--config", second.Configuration);
        Assert.Equal(74, refused.Status);
        Assert.Contains($"127.0.0.1:{box.InsidePort}", refused.Error, StringComparison.Ordinal);
    }

    private static async Task<string> MustRefuseAsync(BoxProcess box, string named)
    {
        Command refused = await Command.TryAsync(TimeSpan.FromSeconds(30), Installation.Program, "run", "--config", box.Configuration);
        Assert.True(refused.Status == 78, $"status {refused.Status}\n{refused.Error}");
        Assert.Contains(named, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
        return refused.Error;
    }

    private static async Task SendAsync(BoxProcess box)
    {
        using var client = new RawClient(box.InsidePort);
        await client.BeginAsync("juro@amd.test", "anna@intel.test");
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendMessageAsync(Message));
        await client.AskAsync("QUIT");
    }

    private static async Task<bool> BecomesAsync(BoxPair boxes, bool secured)
    {
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(100))
        {
            bool late = Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(2);
            int before = boxes.ToIntel.Sightings;
            await SendAsync(boxes.Amd);
            if (boxes.ToIntel.Sightings == before == secured)
                return true;
            if (late)
                return false;
        }
    }
}

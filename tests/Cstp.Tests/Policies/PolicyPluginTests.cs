using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Cstp.Tests.EndToEnd;
using Cstp.Tests.Host;
using Cstp.Tests.Store;

namespace Cstp.Tests.Policies;

/// <summary>A policy of somebody else's, dropped into a plugins folder of a real <c>cstp run</c>: one delivery for each recipient.</summary>
public sealed class PolicyPluginTests : IAsyncLifetime
{
    private const string Message = "From: juro@amd.test\r\nTo: anna@intel.test, bert@intel.test\r\nCc: max@elsewhere.test\r\nSubject: s\r\n\r\nHello\r\n";
    private static readonly string[] s_all = ["anna@intel.test", "max@elsewhere.test", "bert@intel.test"];

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingServer _server = new();
    private readonly ConcurrentQueue<string> _events = new();
    private Process? _box;
    private int _port;

    public async ValueTask InitializeAsync()
    {
        (await CstpProgram.RunAsync(
            "init", _folder["box"], "--domain", "amd.test",
            "--inside-listen", "127.0.0.1:0", "--inside-upstream", $"127.0.0.1:{_server.Port}",
            "--outside-listen", "127.0.0.1:0", "--outside-upstream", $"127.0.0.1:{_server.Port}")).Expect(0);
        string configuration = _folder["box/cstp.toml"];
        string text = await File.ReadAllTextAsync(configuration);
        Assert.Contains("\"policy-liberal\"", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(configuration, text.Replace("\"policy-liberal\"", "\"fixture-policy\"", StringComparison.Ordinal));
        string plugin = Directory.CreateDirectory(_folder["box/plugins"]).FullName;
        File.Copy(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "fixtures", "fixture-policy", "fixture-policy.dll")), Path.Combine(plugin, "fixture-policy.dll"));
        await File.WriteAllTextAsync(_folder["intel.pem"], Core.Trust.CertificateFile.WritePem([SmimeWorkshop.Identity("cstpbox@intel.test").Certificate]));
        (await CstpProgram.RunAsync("certs", "import", _folder["intel.pem"], "--gateway", "intel.test", "--config", configuration)).Expect(0);

        var start = new ProcessStartInfo(CstpProgram.Path, ["run", "--config", configuration]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _box = Process.Start(start)!;
        _box.ErrorDataReceived += (_, _) => { };
        _box.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        string? ready = await _box.StandardOutput.ReadLineAsync(limit.Token);
        Assert.StartsWith("cstp ready inside=", ready, StringComparison.Ordinal);
        _port = int.Parse(ready!.Split(' ')[2].Split(':')[^1], null);
        _server.Answer = Record;
    }

    public async ValueTask DisposeAsync()
    {
        if (_box is not null)
        {
            _box.Kill();
            await _box.WaitForExitAsync();
            _box.Dispose();
        }
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Three_deliveries_go_on_three_connections_and_are_committed_once_all_are_prepared()
    {
        Assert.StartsWith("250", await SendAsync(Message), StringComparison.Ordinal);
        Assert.Equal(
            ["RCPT TO:<anna@intel.test>", "RCPT TO:<bert@intel.test>", "RCPT TO:<max@elsewhere.test>"],
            _server.Messages.Select(m => Assert.Single(m.Recipients)).Order());
        Assert.Equal(3, _events.Count(e => e == "CONNECT"));
        Assert.Equal(["DATA", "DATA", "DATA", "DOT", "DOT", "DOT"], _events.Where(e => e is "DATA" or "DOT"));
        Assert.Equal(Message, _server.Messages.Single(m => m.Recipients[0].Contains("max", StringComparison.Ordinal)).Text);
        Assert.All(_server.Messages.Where(m => m.Recipients[0].Contains("intel", StringComparison.Ordinal)), m => Assert.DoesNotContain("Hello", m.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_the_third_refuses_DATA_none_was_committed()
    {
        _server.Answer = command => Record(command) ?? (command == "DATA" && _events.Count(e => e == "DATA") == 3 ? "452 4.3.1 Disk full" : null);
        Assert.Equal("452 4.3.1 Disk full", await SendAsync(Message));
        Assert.DoesNotContain("DOT", _events);
        Assert.Empty(_server.Messages);
    }

    [Fact]
    public async Task Where_a_second_connection_is_refused_none_was_committed()
    {
        _server.Answer = command => Record(command) ?? (command == "CONNECT" && _events.Count(e => e == "CONNECT") == 2 ? "421 4.7.0 Too many connections" : null);
        Assert.StartsWith("4", await SendAsync(Message), StringComparison.Ordinal);
        Assert.Empty(_server.Messages);
    }

    [Fact]
    public async Task Where_the_second_is_refused_after_the_first_was_committed_the_client_sends_again()
    {
        _server.Answer = command => Record(command) ?? (command == "DOT" && _events.Count(e => e == "DOT") == 2 ? "554 5.7.1 Spam" : null);
        Assert.StartsWith("451 4.4.2", await SendAsync(Message), StringComparison.Ordinal);
        Assert.Single(_server.Messages);
        Assert.Equal(2, _events.Count(e => e == "DOT"));
    }

    [Theory]
    [InlineData("lose")]
    [InlineData("double")]
    [InlineData("clear")]
    [InlineData("foreign")]
    [InlineData("keyless")]
    [InlineData("throw")]
    public async Task A_plan_that_would_lose_or_weaken_the_message_is_refused(string mistake)
    {
        Assert.StartsWith("451 4.7.5", await SendAsync($"X-Plan: {mistake}\r\n{Message}"), StringComparison.Ordinal);
        Assert.Empty(_server.Messages);
        Assert.DoesNotContain("DOT", _events);
    }

    private string? Record(string command)
    {
        if (command is "CONNECT" or "DATA" or "DOT")
            _events.Enqueue(command);
        return null;
    }

    private async Task<string?> SendAsync(string message)
    {
        using var client = new RawClient(_port);
        await client.BeginAsync("juro@amd.test", s_all);
        string? reply = await client.SendMessageAsync(Encoding.ASCII.GetBytes(message));
        await client.AskAsync("QUIT");
        return reply;
    }
}

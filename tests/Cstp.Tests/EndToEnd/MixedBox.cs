using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.EndToEnd;

/// <summary>amd.test, which knows a certificate of intel.test and none of elsewhere.test, between a client, the server and a relay.</summary>
internal sealed class MixedBox : IAsyncDisposable
{
    public const string Juro = "juro@amd.test";
    public const string Anna = "anna@intel.test";
    public const string Max = "max@elsewhere.test";

    private readonly bool _hasRelay;
    private readonly IRecipientPolicy? _policy;
    private readonly ILoggerFactory? _loggers;
    private readonly SmtpOptions? _smtp;
    private readonly TimeProvider? _time;
    private readonly SecuringOptions? _securing;

    public MixedBox(bool relay = false, IRecipientPolicy? policy = null, ILoggerFactory? loggers = null, SmtpOptions? smtp = null, string? file = null, TimeProvider? time = null, SecuringOptions? securing = null)
    {
        (_hasRelay, _policy, _loggers, _smtp, _time, _securing) = (relay, policy, loggers, smtp, time, securing);
        Database = new TestDatabase(file);
        Box = Open();
    }

    public RecordingServer Server { get; } = new();

    public RecordingServer Relay { get; } = new();

    public TestDatabase Database { get; }

    public TestBox Box { get; private set; }

    /// <summary>Connections that the server was asked for.</summary>
    public int Connections => Box.Network.Connections;

    public static string Message(string body = "Hello", string head = "Message-ID: <1@amd.test>\r\n") =>
        $"{head}From: {Juro}\r\nTo: {Anna}, {Max}\r\nSubject: mixed\r\n\r\n{body}\r\n";

    /// <summary>The box goes and comes again; what it wrote is there.</summary>
    public async Task RestartAsync()
    {
        await Box.DisposeAsync();
        Box = Open();
    }

    /// <summary>One attempt of a sender: those whose RCPT is accepted get the message.</summary>
    /// <returns>The reply to each RCPT, and the last one.</returns>
    public async Task<(string[] Recipients, string? End)> SendAsync(string message, params string[] to)
    {
        using RawClient client = await RawClient.GreetedAsync(Box.InsidePort);
        await client.AskAsync($"MAIL FROM:<{Juro}>");
        var replies = new List<string>();
        foreach (string recipient in to)
            replies.Add((await client.AskAsync($"RCPT TO:<{recipient}>"))!);
        string? end = await client.SendMessageAsync(message);
        await client.AskAsync("QUIT");
        return ([.. replies], end);
    }

    /// <summary>Waits until nothing is remembered any more.</summary>
    public async Task UntilForgottenAsync()
    {
        using var limit = new CancellationTokenSource(RawClient.Patience);
        while (!Box.Box.Ledger.IsEmpty)
            await Task.Delay(5, limit.Token);
    }

    /// <summary>The server refuses the n-th final dot from now on, once.</summary>
    public void RefuseDot(int which, string reply)
    {
        int dots = 0;
        Server.Answer = line => line == "DOT" && Interlocked.Increment(ref dots) == which ? reply : null;
    }

    /// <summary>The server refuses, at this command or when it connects, every connection of a session but the first.</summary>
    public void RefuseSecond(string when, string reply)
    {
        int connections = 0;
        Server.Answer = line =>
        {
            if (line == "CONNECT")
                connections++;
            if (line == "QUIT")
                connections = 0;
            if (connections < 2 || !line.StartsWith(when, StringComparison.Ordinal))
                return null;
            connections = 1;
            return reply;
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Box.DisposeAsync();
        await Server.DisposeAsync();
        await Relay.DisposeAsync();
        Database.Dispose();
    }

    private TestBox Open()
    {
        var box = new TestBox(
            "amd.test", Server.Port, Server.Port, _policy, _securing, _smtp, loggers: _loggers, database: Database.File, time: _time,
            relay: new RelayOptions { Server = _hasRelay ? $"127.0.0.1:{Relay.Port}" : null });
        box.Add(SmimeWorkshop.Identity("cstpbox@intel.test").Certificate, CertificateRole.Gateway, "intel.test");
        return box;
    }
}

using System.Net;
using System.Net.Sockets;

namespace Cstp.EndToEnd.Harness;

/// <summary>Tells a Postfix whether a user and password are right, by Dovecot's protocol for that, version 1.1.</summary>
/// <param name="response">The right response of PLAIN, in Base64.</param>
internal sealed class SaslService(string response) : IAsyncDisposable
{
    private readonly TcpListener _listener = Started();
    private readonly CancellationTokenSource _stop = new();
    private Task? _serving;

    /// <summary>Lines of main.cf that have Postfix ask here, in TLS alone, and take mail from nobody else.</summary>
    public string Settings => $"""
        smtpd_sasl_auth_enable = yes
        smtpd_sasl_type = dovecot
        smtpd_sasl_path = inet:127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}
        smtpd_tls_auth_only = yes
        smtpd_relay_restrictions = permit_sasl_authenticated, reject
        smtpd_recipient_restrictions = reject_unlisted_recipient, permit_sasl_authenticated, reject

        """;

    public SaslService Start()
    {
        _serving = ServeAsync();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        if (_serving is not null)
            await _serving;
        _stop.Dispose();
    }

    private static TcpListener Started()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private async Task ServeAsync()
    {
        var clients = new List<Task>();
        try
        {
            while (true)
                clients.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(clients);
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream());
                await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\n", AutoFlush = true };
                await writer.WriteAsync("VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00000000000000000000000000000000\nDONE\n");
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    string[] words = line.Split('\t');
                    if (words[0] == "AUTH")
                        await writer.WriteLineAsync(words[^1] == $"resp={response}" ? $"OK\t{words[1]}\tuser=box" : $"FAIL\t{words[1]}\tuser=box");
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // Postfix or the test is done.
            }
        }
    }
}

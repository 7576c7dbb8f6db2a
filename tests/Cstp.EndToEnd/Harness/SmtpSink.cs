using System.Diagnostics;
using System.Net.Sockets;

namespace Cstp.EndToEnd.Harness;

/// <summary>Postfix's <c>smtp-sink</c>: a server that writes each message into a file of its own.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll(writable: true);
    private readonly Process _process;

    private SmtpSink(int port)
    {
        Port = port;
        var start = new ProcessStartInfo(Harness.Command.Find("smtp-sink")!, ["-d", _folder.Of("message."), .. AsWhom(), $"127.0.0.1:{port}", "1000"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Port { get; }

    /// <summary>The messages that arrived, each with the sink's own lines first.</summary>
    public IEnumerable<string> Messages => Directory.EnumerateFiles(_folder.Path).Select(File.ReadAllText);

    public static async Task<SmtpSink> StartAsync()
    {
        var sink = new SmtpSink(FreePort.Next());
        try
        {
            await ListeningAsync(sink.Port, TimeSpan.FromSeconds(10));
            return sink;
        }
        catch
        {
            await sink.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until somebody listens.</summary>
    public static async Task ListeningAsync(int port, TimeSpan limit)
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync("127.0.0.1", port);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < limit)
            {
                await Task.Delay(20);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static string[] AsWhom() => string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? ["-u", "nobody"] : [];
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Cstp.Host.Demo;

/// <summary>The demo: makes two boxes, starts them, sends the messages, and compares.</summary>
/// <param name="folder">Where everything is made.</param>
/// <param name="screen">Shows it.</param>
/// <param name="crypto">The crypto module of both boxes, or one for each; empty for what <c>cstp init</c> chooses.</param>
internal sealed class DemoRun(string folder, DemoScreen screen, IReadOnlyList<string> crypto) : IAsyncDisposable
{
    private readonly DemoServer _amdServer = new();
    private readonly DemoServer _intelServer = new();
    private readonly DemoServer _fromAmd = new();
    private readonly DemoServer _fromIntel = new();
    private readonly List<Process> _boxes = [];

    private string Amd => Path.Combine(folder, "amd");

    private string Intel => Path.Combine(folder, "intel");

    private string Messages => Path.Combine(folder, "messages");

    /// <summary>Runs it.</summary>
    /// <param name="cancel">Ends it.</param>
    public async Task<IReadOnlyList<DemoDelivery>> RunAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(Messages);
        int[] ports = FreePorts(4);
        screen.Step($"making two boxes in {folder}");
        await InitAsync(Amd, "amd.test", crypto.FirstOrDefault(), ports[0], _fromAmd.Port, ports[1], _amdServer.Port);
        await InitAsync(Intel, "intel.test", crypto.LastOrDefault(), ports[2], _fromIntel.Port, ports[3], _intelServer.Port);
        _fromAmd.Upstream = ports[3];
        _fromIntel.Upstream = ports[1];

        screen.Step("exchanging their certificates, and one of a user");
        await ExchangeAsync();

        screen.Step("starting them as processes");
        _boxes.Add(await DemoProcess.StartBoxAsync(Amd, cancel));
        _boxes.Add(await DemoProcess.StartBoxAsync(Intel, cancel));

        var deliveries = new List<DemoDelivery>();
        for (int i = 0; i < DemoMessage.All.Count; i++)
        {
            bool fromAmd = DemoMessage.All[i].From.EndsWith("@amd.test", StringComparison.Ordinal);
            deliveries.AddRange(await PassAsync(i + 1, DemoMessage.All[i], fromAmd, fromAmd ? ports[0] : ports[2], cancel));
        }
        return deliveries;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Process box in _boxes)
        {
            if (!box.HasExited)
                box.Kill();
            await box.WaitForExitAsync();
            box.Dispose();
        }
        foreach (DemoServer server in new[] { _amdServer, _intelServer, _fromAmd, _fromIntel })
            await server.DisposeAsync();
    }

    private static async Task InitAsync(string box, string domain, string? crypto, int insideListen, int insideUpstream, int outsideListen, int outsideUpstream)
    {
        string[] addresses =
        [
            "--inside-listen", $"127.0.0.1:{insideListen}", "--inside-upstream", $"127.0.0.1:{insideUpstream}",
            "--outside-listen", $"127.0.0.1:{outsideListen}", "--outside-upstream", $"127.0.0.1:{outsideUpstream}",
        ];
        await DemoProcess.RunAsync(["init", box, "--domain", domain, .. crypto is null ? Array.Empty<string>() : ["--crypto", crypto], .. addresses]);
    }

    private async Task ExchangeAsync()
    {
        string amd = Path.Combine(folder, "amd.pem");
        string intel = Path.Combine(folder, "intel.pem");
        await File.WriteAllTextAsync(amd, await CstpAsync(Amd, "certs", "export", "gateway"));
        await File.WriteAllTextAsync(intel, await CstpAsync(Intel, "certs", "export", "gateway"));
        await CstpAsync(Amd, "certs", "import", intel, "--gateway", "intel.test");
        await CstpAsync(Intel, "certs", "import", amd, "--gateway", "amd.test");

        using var authority = new DemoAuthority();
        (string certificate, string both) = authority.Issue("carol@intel.test");
        string ca = Path.Combine(folder, "ca.pem");
        string carol = Path.Combine(folder, "carol.pem");
        string carolKey = Path.Combine(folder, "carol-key.pem");
        await File.WriteAllTextAsync(ca, authority.CertificatePem);
        await File.WriteAllTextAsync(carol, certificate);
        await File.WriteAllTextAsync(carolKey, both);
        File.SetUnixFileMode(carolKey, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await CstpAsync(Amd, "certs", "import", ca, "--ca");
        await CstpAsync(Amd, "certs", "import", carol, "--user", "carol@intel.test");
        await CstpAsync(Intel, "keys", "import", carolKey, "--user", "carol@intel.test");
    }

    private static Task<string> CstpAsync(string box, params string[] arguments) =>
        DemoProcess.RunAsync(["--config", Path.Combine(box, "cstp.toml"), .. arguments]);

    private async Task<IReadOnlyList<DemoDelivery>> PassAsync(int number, DemoMessage message, bool fromAmd, int port, CancellationToken cancel)
    {
        DemoServer wire = fromAmd ? _fromAmd : _fromIntel;
        DemoServer server = fromAmd ? _intelServer : _amdServer;
        string receiver = fromAmd ? Intel : Amd;
        await File.WriteAllBytesAsync(Path.Combine(Messages, $"{number}-sent.eml"), message.Content, cancel);
        var watch = Stopwatch.StartNew();
        await screen.SendAsync(message, progress => DemoClient.SendAsync(port, message, progress, cancel));
        watch.Stop();

        var deliveries = new List<DemoDelivery>();
        while (server.Messages.TryDequeue(out TakenMessage? arrived))
        {
            TakenMessage? passed = await FindAsync(wire, arrived.Recipients, cancel);
            string name = $"{number}-wire-{deliveries.Count + 1}.eml";
            await File.WriteAllBytesAsync(Path.Combine(Messages, $"{number}-arrived-{deliveries.Count + 1}.eml"), arrived.Content, cancel);
            JsonElement[] layers = [];
            if (passed is not null)
            {
                await File.WriteAllBytesAsync(Path.Combine(Messages, name), passed.Content, cancel);
                layers = await LayersAsync(receiver, Path.Combine(Messages, name), arrived.Recipients);
            }
            deliveries.Add(new DemoDelivery(
                message.Name,
                message.Content.Length,
                arrived.Recipients,
                layers,
                passed?.Content.Length ?? 0,
                !arrived.Recipients.Contains("guest@elsewhere.test"),
                passed is not null && WithoutResults(arrived.Content, fromAmd ? "intel.test" : "amd.test").AsSpan().SequenceEqual(message.Content),
                watch.Elapsed));
            screen.Show(deliveries[^1]);
        }
        return deliveries;
    }

    /// <summary>The wire is read when its connection ends, which may be a moment after the server took the message.</summary>
    private static async Task<TakenMessage?> FindAsync(DemoServer wire, IReadOnlyList<string> recipients, CancellationToken cancel)
    {
        for (int i = 0; i < 100; i++)
        {
            if (wire.Messages.FirstOrDefault(m => m.Recipients.SequenceEqual(recipients)) is { } found)
            {
                TakenMessage[] others = [.. wire.Messages.Where(m => m != found)];
                wire.Messages.Clear();
                foreach (TakenMessage other in others)
                    wire.Messages.Enqueue(other);
                return found;
            }
            await Task.Delay(50, cancel);
        }
        return null;
    }

    private static async Task<JsonElement[]> LayersAsync(string box, string file, IReadOnlyList<string> recipients)
    {
        string report = await CstpAsync(box, ["message", "open", "--json", "--in", file, .. recipients.SelectMany(r => new[] { "--recipient", r })]);
        using JsonDocument document = JsonDocument.Parse(report);
        return [.. document.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.Clone())];
    }

    private static byte[] WithoutResults(byte[] arrived, string domain)
    {
        if (!arrived.AsSpan().StartsWith(Encoding.ASCII.GetBytes($"Authentication-Results: cstp.{domain};")))
            return arrived;
        int end = arrived.AsSpan().IndexOf("\r\n"u8);
        while (arrived[end + 2] == '\t')
            end += 2 + arrived.AsSpan(end + 2).IndexOf("\r\n"u8);
        return arrived[(end + 2)..];
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Stop();
        return ports;
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cstp.Lab.Tests.Lab;
using Cstp.Tests.Tls;

namespace Cstp.Lab.Tests.Tls;

/// <summary>
/// The lab with TLS: each Postfix has a certificate, each box its authority, and on each box is a validating resolver with zones that name
/// the server behind it. All of it is taken back at the end.
/// </summary>
public sealed class TlsLab : IAsyncLifetime
{
    /// <summary>Last octets of the servers' further addresses, one for each thing that a box can be told of a server.</summary>
    private static readonly string[] s_further = ["a", "b", "c", "d", "e"];

    private static readonly string[] s_servers = ["amd", "intel", "mulholland"];

    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll();
    private readonly TlsWorkshop _workshop = new(), _stranger = new();
    private readonly Dictionary<string, string> _original = [];
    private readonly Dictionary<string, SignedZones> _zones = [];
    private readonly Dictionary<string, X509Certificate2> _certificates = [];

    public async ValueTask InitializeAsync()
    {
        if (!LabNetwork.IsRoot)
            return;
        await LabNetwork.RunAsync("ip", "4");
        await File.WriteAllTextAsync(Anchors, _workshop.Authority.ExportCertificatePem());
        await Task.WhenAll(s_servers.Select(ServeAsync));
        await Task.WhenAll(TlsSide.Both.Select(PrepareAsync));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SignedZones zones in _zones.Values)
            await zones.DisposeAsync();
        await Task.WhenAll(_original.Select(async file =>
        {
            await File.WriteAllTextAsync(file.Key, file.Value);
            if (TlsSide.Both.FirstOrDefault(side => file.Key == Configuration(side.Box)) is { } side)
                await RestartAsync(side.Box);
            else
                await PostfixAsync(s_servers.First(server => file.Key == MainCf(server)), "postfix", "reload");
        }));
        foreach (TlsSide side in TlsSide.Both.Where(_ => _original.Count > 0))
        {
            await LabNetwork.ExecAsync(side.Client, "ip", "address", "del", $"{side.ClientAddress(serverHasTls: false)}/24", "dev", "eth0");
            foreach (string last in s_further)
                await LabNetwork.ExecAsync(side.Server, "ip", "address", "del", $"{side.FurtherAddress(last)}/64", "dev", "eth0");
        }
        foreach (X509Certificate2 certificate in _certificates.Values)
            certificate.Dispose();
        _workshop.Dispose();
        _stranger.Dispose();
        _folder.Dispose();
    }

    /// <summary>The file with the certificate of the servers' authority.</summary>
    internal string Anchors => _folder.Of("anchors.pem");

    /// <summary>The file with the certificate of a box's authority.</summary>
    internal string AuthorityOf(TlsSide side) => _folder.Of($"{side.Box}.pem");

    /// <summary>The pin of the server behind a box.</summary>
    internal string PinOf(TlsSide side) => TlsWorkshop.Pin(_certificates[side.Server]);

    /// <summary>Where the validating resolver of a box listens.</summary>
    internal string ResolverOf(TlsSide side) => $"127.0.0.1:{_zones[side.Box].Port}";

    /// <summary>Gives both boxes a section <c>[tls]</c>, and starts them anew where it is another.</summary>
    internal Task ConfigureAsync(Func<TlsSide, string> section) => Task.WhenAll(TlsSide.Both.Select(async side =>
    {
        string file = Configuration(side.Box);
        string text = _original[file].Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal).Replace("\n[tls]", $"\n[tls]\n{section(side)}\n", StringComparison.Ordinal);
        if (text == await File.ReadAllTextAsync(file))
            return;
        await File.WriteAllTextAsync(file, text);
        await RestartAsync(side.Box);
    }));

    /// <summary>A program of the Postfix of a host.</summary>
    internal static Task<string> PostfixAsync(string server, string program, params string[] arguments) =>
        LabNetwork.ExecAsync(server, [program, "-c", Path.GetDirectoryName(MainCf(server))!, .. arguments]);

    private static string MainCf(string server) => Path.Combine(LabNetwork.Folder, "hosts", server, "etc", "main.cf");

    private static string Configuration(string box) => Path.Combine(LabNetwork.Folder, "hosts", box, "cstp", "cstp.toml");

    private static async Task RestartAsync(string box)
    {
        await LabNetwork.RunAsync("proxy", box, "stop");
        await LabNetwork.RunAsync("proxy", box, "start");
    }

    /// <summary>
    /// TLS for a server: offered to all but the second address of each client, of which amd's is relayed for like its first. Under the name of a
    /// stranger it shows a certificate that nobody trusts.
    /// </summary>
    private async Task ServeAsync(string server)
    {
        _original[MainCf(server)] = await File.ReadAllTextAsync(MainCf(server));
        X509Certificate2 own = _workshop.Issue($"mx.{server}.test");
        lock (_certificates)
            _certificates[server] = own;
        (string certificate, string key) = TlsWorkshop.Write(_folder.Path, server, own);
        await File.AppendAllTextAsync(certificate, _workshop.Authority.ExportCertificatePem() + "\n");
        using X509Certificate2 strange = _stranger.Issue($"stranger.{server}.test");
        (string strangeCertificate, string strangeKey) = TlsWorkshop.Write(_folder.Path, $"stranger-{server}", strange);
        await File.AppendAllTextAsync(strangeKey, await File.ReadAllTextAsync(strangeCertificate));
        await File.WriteAllTextAsync(_folder.Of($"{server}.sni"), $"stranger.{server}.test {strangeKey}\n");
        string[] domains = ["good.test", "authority.test", "wrong.test", "insecure.test", "bogus.test"];
        string user = server == "intel" ? "julia@intel" : $"fedor@{server}";
        await PostfixAsync(
            server, "postconf", "-e", "smtpd_tls_security_level=may", $"smtpd_tls_cert_file={certificate}", $"smtpd_tls_key_file={key}", "smtpd_tls_received_header=yes",
            $"tls_server_sni_maps=texthash:{_folder.Of($"{server}.sni")}", "smtpd_discard_ehlo_keyword_address_maps=cidr:{ {10.25.1.25 starttls}, {10.25.3.25 starttls} }",
            $"virtual_alias_domains={string.Join(' ', domains)}", $"virtual_alias_maps=inline:{{ {string.Join(", ", domains.Select(domain => $"@{domain}={user}"))} }}", "mynetworks=127.0.0.0/8 10.25.1.2/32 10.25.1.25/32");
        await PostfixAsync(server, "postfix", "reload");
    }

    /// <summary>Addresses for one side, and authority and resolver for its box.</summary>
    private async Task PrepareAsync(TlsSide side)
    {
        _original[Configuration(side.Box)] = await File.ReadAllTextAsync(Configuration(side.Box));
        await LabNetwork.ExecAsync(side.Client, "ip", "address", "add", $"{side.ClientAddress(serverHasTls: false)}/24", "dev", "eth0");
        foreach (string last in s_further)
            await LabNetwork.ExecAsync(side.Server, "ip", "address", "add", $"{side.FurtherAddress(last)}/64", "dev", "eth0", "nodad");
        await File.WriteAllTextAsync(AuthorityOf(side), await LabNetwork.RunAsync("cstp", side.Box, "tls", "authority"));

        using X509Certificate2 other = _workshop.Issue(side.ServerName);
        string right = $"3 1 1 {PinOf(side)}", wrong = $"3 1 1 {TlsWorkshop.Pin(other)}";
        var zones = new SignedZones();
        _zones[side.Box] = zones;
        await zones.AddAsync("good.test", Mail(right));
        // A record of the authority is for the server's own name.
        await zones.AddAsync("authority.test", $"@ MX 10 {side.ServerName}.");
        await zones.AddAsync($"{side.Server}.test", Mail($"2 0 1 {Convert.ToHexString(SHA256.HashData(_workshop.Authority.RawData))}"));
        await zones.AddAsync("wrong.test", Mail(wrong));
        await zones.AddAsync("insecure.test", Mail(wrong), isSigned: false);
        await zones.AddAsync("bogus.test", Mail(right), isBogus: true);
        await NamespaceThread.RunAsync(side.Box, zones.StartAsync);

        string Mail(string tlsa) => $"@ MX 10 mx\nmx A {side.ServerAddress}\n_25._tcp.mx TLSA {tlsa}";
    }
}

/// <summary>The tests with TLS, which share the preparations.</summary>
[CollectionDefinition]
public sealed class OneTlsLab : ICollectionFixture<TlsLab>;

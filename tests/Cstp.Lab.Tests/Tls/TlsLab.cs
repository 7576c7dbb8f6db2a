using System.Collections.Concurrent;
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
    /// <summary>A third interface of each box: a transparent one without is taken to reach no name servers.</summary>
    private const string Management = "eth2";

    /// <summary>Last octets of the servers' further addresses, one for each thing that a box can be told of a server.</summary>
    private static readonly string[] s_further = ["a", "b", "c", "d", "e"];

    /// <summary>Domains whose mail the servers take, for what DNS says of them.</summary>
    private static readonly string[] s_domains = ["good.test", "authority.test", "wrong.test", "insecure.test", "bogus.test"];

    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll();
    private readonly TlsWorkshop _workshop = new(), _stranger = new();
    private readonly ConcurrentDictionary<TlsSide, string> _original = [], _pins = [];
    private readonly ConcurrentDictionary<TlsSide, SignedZones> _zones = [];
    private readonly ConcurrentStack<Func<Task>> _undo = [];

    public async ValueTask InitializeAsync()
    {
        if (!LabNetwork.IsRoot)
            return;
        await LabNetwork.RunAsync("ip", "4");
        await File.WriteAllTextAsync(Anchors, _workshop.Authority.ExportCertificatePem());
        await Task.WhenAll(TlsSide.Both.Select(async side =>
        {
            await ServeAsync(side);
            await PrepareAsync(side);
        }));
    }

    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out Func<Task>? undo))
            await undo();
        _workshop.Dispose();
        _stranger.Dispose();
        _folder.Dispose();
    }

    /// <summary>The file with the certificate of the servers' authority.</summary>
    internal string Anchors => _folder.Of("anchors.pem");

    /// <summary>The file with the certificate of a box's authority.</summary>
    internal string AuthorityOf(TlsSide side) => _folder.Of($"{side.Box}.pem");

    /// <summary>The pin of the server behind a box.</summary>
    internal string PinOf(TlsSide side) => _pins[side];

    /// <summary>Where the validating resolver of a box listens.</summary>
    internal string ResolverOf(TlsSide side) => $"127.0.0.1:{_zones[side].Port}";

    /// <summary>Gives both boxes a section <c>[tls]</c>, and starts them anew where it is another.</summary>
    internal async Task ConfigureAsync(Func<TlsSide, string> section)
    {
        Assert.SkipUnless(LabNetwork.IsRoot, "network namespaces are made by root only");
        await Task.WhenAll(TlsSide.Both.Select(side => ConfigureAsync(side, section(side))));
    }

    private async Task ConfigureAsync(TlsSide side, string section)
    {
        string file = Configuration(side.Box);
        string text = _original[side]
            .Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal)
            .Replace("\n[tls]", $"\n[tls]\n{section}\n", StringComparison.Ordinal)
            .Replace("mode = \"transparent\"", $"mode = \"transparent\"\nmanagement = \"{Management}\"", StringComparison.Ordinal);
        if (text == await File.ReadAllTextAsync(file))
            return;
        await File.WriteAllTextAsync(file, text);
        await RestartAsync(side.Box);
    }

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
    /// TLS for a server: offered to all but the second address of its client, which may relay as from the first. Asked for a stranger's name, it
    /// shows a certificate that nobody trusts.
    /// </summary>
    private async Task ServeAsync(TlsSide side)
    {
        string server = side.Server, original = await File.ReadAllTextAsync(MainCf(server));
        _undo.Push(async () =>
        {
            await File.WriteAllTextAsync(MainCf(server), original);
            await PostfixAsync(server, "postfix", "reload");
        });
        using X509Certificate2 own = _workshop.Issue(side.ServerName), strange = _stranger.Issue(side.StrangerName);
        _pins[side] = TlsWorkshop.Pin(own);
        (string certificate, string key) = TlsWorkshop.Write(_folder.Path, server, own);
        await File.AppendAllTextAsync(certificate, _workshop.Authority.ExportCertificatePem() + "\n");
        // For a name Postfix wants key and certificate in one file.
        (string strangeCertificate, string strangeKey) = TlsWorkshop.Write(_folder.Path, side.StrangerName, strange);
        await File.AppendAllTextAsync(strangeKey, await File.ReadAllTextAsync(strangeCertificate));
        string names = _folder.Of($"{server}.names");
        await File.WriteAllTextAsync(names, $"{side.StrangerName} {strangeKey}\n");
        await PostfixAsync(
            server, "postconf", "-e", "smtpd_tls_security_level=may", $"smtpd_tls_cert_file={certificate}", $"smtpd_tls_key_file={key}", "smtpd_tls_received_header=yes",
            $"tls_server_sni_maps=texthash:{names}", $"smtpd_discard_ehlo_keyword_address_maps=inline:{{ {side.ClientAddress(serverHasTls: false)}=starttls }}",
            $"virtual_alias_domains={string.Join(' ', s_domains)}", $"virtual_alias_maps=inline:{{ {string.Join(", ", s_domains.Select(domain => $"@{domain}={side.Recipient}"))} }}",
            "mynetworks=127.0.0.0/8 10.25.1.2/32 10.25.1.25/32");
        await PostfixAsync(server, "postfix", "reload");
    }

    /// <summary>Addresses for one side, and authority and resolver for its box.</summary>
    private async Task PrepareAsync(TlsSide side)
    {
        _original[side] = await File.ReadAllTextAsync(Configuration(side.Box));
        _undo.Push(async () =>
        {
            await File.WriteAllTextAsync(Configuration(side.Box), _original[side]);
            await RestartAsync(side.Box);
        });
        await LabNetwork.ExecAsync(side.Box, "ip", "link", "add", Management, "type", "veth", "peer", "name", side.Box, "netns", "router");
        _undo.Push(() => LabNetwork.ExecAsync(side.Box, "ip", "link", "del", Management));
        await AddAddressAsync(side.Client, $"{side.ClientAddress(serverHasTls: false)}/24");
        foreach (string last in s_further)
            await AddAddressAsync(side.Server, $"{side.FurtherAddress(last)}/64");
        await File.WriteAllTextAsync(AuthorityOf(side), await LabNetwork.RunAsync("cstp", side.Box, "tls", "authority"));

        using X509Certificate2 other = _workshop.Issue(side.ServerName);
        string right = $"3 1 1 {PinOf(side)}", wrong = $"3 1 1 {TlsWorkshop.Pin(other)}", authority = $"2 0 1 {Convert.ToHexString(SHA256.HashData(_workshop.Authority.RawData))}";
        SignedZones zones = _zones[side] = new SignedZones();
        _undo.Push(() => zones.DisposeAsync().AsTask());
        await zones.AddAsync("good.test", Mail(right));
        // A record of the authority is for the server's own name.
        await zones.AddAsync("authority.test", $"@ MX 10 {side.ServerName}.");
        await zones.AddAsync($"{side.Server}.test", Mail(authority));
        await zones.AddAsync("wrong.test", Mail(wrong));
        await zones.AddAsync("insecure.test", Mail(wrong), isSigned: false);
        await zones.AddAsync("bogus.test", Mail(right), isBogus: true);
        await NamespaceThread.RunAsync(side.Box, zones.StartAsync);

        string Mail(string tlsa) => $"@ MX 10 mx\nmx A {side.ServerAddress}\n_25._tcp.mx TLSA {tlsa}";
    }

    private async Task AddAddressAsync(string host, string address)
    {
        await LabNetwork.ExecAsync(host, ["ip", "address", "add", address, "dev", "eth0", .. address.Contains(':', StringComparison.Ordinal) ? ["nodad"] : Array.Empty<string>()]);
        _undo.Push(() => LabNetwork.ExecAsync(host, "ip", "address", "del", address, "dev", "eth0"));
    }
}

/// <summary>The tests with TLS, which share the preparations.</summary>
[CollectionDefinition]
public sealed class OneTlsLab : ICollectionFixture<TlsLab>;

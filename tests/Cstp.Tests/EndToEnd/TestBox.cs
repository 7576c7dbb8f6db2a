using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Mime;
using Cstp.Core.Plugins;
using Cstp.Core.Securing;
using Cstp.Core.Smime;
using Cstp.Core.Smtp;
using Cstp.Core.Store;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Cstp.Core.Trust.Revocation;
using Cstp.CryptoBouncyCastle;
using Cstp.PolicyLiberal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Tests.EndToEnd;

/// <summary>A box in the test's own process.</summary>
internal sealed class TestBox : IAsyncDisposable
{
    private static readonly BouncyCastleEnveloper s_crypto = new();

    private readonly Box _box;
    private readonly TestDatabase? _database;
    private readonly List<StoredCertificate> _certificates = [];
    private readonly List<OwnKey> _keys = [];
    private readonly BoxSettings _settings;
    private readonly TimeProvider _time;
    private readonly RevocationKnowledge? _revocation;
    private TrustSnapshot _trust;

    public TestBox(
        string domain,
        int insideUpstream,
        int outsideUpstream,
        IRecipientPolicy? policy = null,
        SecuringOptions? securing = null,
        SmtpOptions? smtp = null,
        SpoolOptions? spool = null,
        IReadOnlyList<ISmtpInterceptor>? interceptors = null,
        KeyKind key = KeyKind.P256,
        ILoggerFactory? loggers = null,
        ICmsEnveloper? crypto = null,
        TimeProvider? time = null,
        RelayOptions? relay = null,
        SqliteFile? database = null,
        RevocationKnowledge? revocation = null,
        TlsOptions? tls = null)
    {
        Domain = domain;
        _revocation = revocation;
        _time = time ?? TimeProvider.System;
        Network = new LoopbackMode(insideUpstream, outsideUpstream);
        _settings = new BoxSettings(
            new BoxOptions { Name = $"cstpbox@{domain}", Domains = [domain] }, securing ?? new SecuringOptions(), smtp ?? new SmtpOptions(), spool ?? new SpoolOptions(), relay ?? new RelayOptions(), new StoreOptions(), tls ?? new TlsOptions());
        _keys.AddRange(KeyGeneration.Create(key, Mailbox.Parse($"cstpbox@{domain}"), null, _time.GetUtcNow().AddMinutes(-1)));
        _trust = Snapshot();
        var modules = new SelectedModules(
            crypto ?? s_crypto, "crypto", policy ?? new LiberalPolicy(), "policy", Network, "loopback", [.. (interceptors ?? []).Select((x, i) => new SelectedInterceptor($"interceptor-{i}", x))]);
        _database = database is null ? new TestDatabase() : null;
        _box = new Box(_settings, modules, () => _trust, database ?? _database!.File, (certificate, source, _, _) => Collected.Add((certificate, source)), _time, loggers ?? NullLoggerFactory.Instance);
        _box.Proxy.Start();
    }

    public string Domain { get; }

    public LoopbackMode Network { get; }

    public Box Box => _box;

    public List<(EncodedCertificate Certificate, string Source)> Collected { get; } = [];

    public int InsidePort => Port(Side.Inside);

    public int OutsidePort => Port(Side.Outside);

    /// <summary>The certificate that others encrypt to.</summary>
    public EncodedCertificate GatewayCertificate => _keys.First(k => k.Owner is null && k.Decrypts).Identity.Certificate;

    public TrustSnapshot Trust => _trust;

    public void TrustGateway(TestBox other)
    {
        foreach (OwnKey key in other._keys.Where(k => k.Owner is null))
            Add(key.Identity.Certificate, CertificateRole.Gateway, other.Domain);
    }

    public void TrustUser(EncodedCertificate certificate, string address, params string[] capabilities) => Add(certificate, CertificateRole.User, address, capabilities);

    public void Add(EncodedCertificate certificate, CertificateRole role, string subject, params string[] capabilities)
    {
        _certificates.Add(new StoredCertificate(certificate, role, subject, TrustState.Trusted, DateTimeOffset.UtcNow, "test", capabilities));
        _trust = Snapshot();
    }

    public IReadOnlyList<OwnKey> AddUserKey(string address, KeyKind kind = KeyKind.P256)
    {
        Mailbox owner = Mailbox.Parse(address);
        IReadOnlyList<OwnKey> keys = KeyGeneration.Create(kind, owner, owner, _time.GetUtcNow().AddMinutes(-1));
        _keys.AddRange(keys);
        _trust = Snapshot();
        return keys;
    }

    /// <summary>A key that a user brought.</summary>
    public void AddUserKey(string address, CmsIdentity identity)
    {
        _keys.Add(new OwnKey(identity, Mailbox.Parse(address), Signs: true, Decrypts: true, _time.GetUtcNow()));
        _trust = Snapshot();
    }

    /// <summary>Opens a message without a session, as the command does.</summary>
    public async Task<(OpenedMessage Opened, byte[] Content)> OpenAsync(byte[] message, string recipient)
    {
        using HeldMessage held = await _box.Spool.HoldAsync(message, PipeReader.Create(ReadOnlySequence<byte>.Empty), default);
        OpenedMessage opened = await _box.Inbound.OpenAsync(held, [Mailbox.Parse(recipient)], default, BodyValue.SevenBit, BodyValue.EightBit, default);
        var content = new MemoryStream();
        PipeWriter output = PipeWriter.Create(content);
        await opened.WriteAsync(output, default);
        await output.CompleteAsync();
        return (opened, content.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _box.Proxy.DisposeAsync();
        _box.Dispose();
        _database?.Dispose();
    }

    private int Port(Side side) => ((IPEndPoint)_box.Proxy.Bound.First(l => l.Side == side).EndPoint).Port;

    private TrustSnapshot Snapshot() => new([.. _certificates], [.. _keys], _time, [Domain], revocation: _revocation);
}

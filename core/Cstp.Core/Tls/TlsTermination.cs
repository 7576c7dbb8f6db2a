using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Tls;

/// <summary>A connection in TLS.</summary>
/// <param name="Stream">The octets in clear.</param>
/// <param name="Peer">What a server showed; null of a client.</param>
internal sealed record TlsSession(SslStream Stream, TlsPeer? Peer);

/// <summary>TLS at both ends of sessions: handshakes, and what stands behind them. Safe for all threads.</summary>
internal sealed class TlsTermination
{
    /// <summary>RFC 8996: what is older is not spoken.</summary>
    private const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Names of a server that its certificate here may have.</summary>
    private const int MaxNames = 20;

    private static readonly System.Security.Cryptography.Oid s_serverAuth = new("1.3.6.1.5.5.7.3.1");

    private readonly ReloadedPair? _configured;
    private readonly TlsAuthority? _authority;
    private readonly X509Certificate2Collection? _anchors;
    private readonly Lock _wrapping = new();
    private (CertificatePair Pair, SslStreamCertificateContext Context)? _wrapped;

    private TlsTermination(TlsOptions options, ReloadedPair? configured, TlsAuthority? authority, X509Certificate2Collection? anchors)
    {
        Options = options;
        (_configured, _authority, _anchors) = (configured, authority, anchors);
        Verification = new ServerVerification(options.Resolver is { } resolver ? new TlsaLookup(resolver) : null);
    }

    /// <summary>Section <c>[tls]</c>.</summary>
    public TlsOptions Options { get; }

    /// <summary>Verifies servers.</summary>
    public ServerVerification Verification { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="options">The settings; paths are absolute.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="TlsFileException">One cannot be used.</exception>
    public static TlsTermination Open(TlsOptions options, TimeProvider time, ILogger logger)
    {
        ReloadedPair? configured = options.Client != TlsPolicy.None && TlsFiles.Configured(options) is { } own ? new ReloadedPair(own, time, logger) : null;
        TlsAuthority? authority = options.Client != TlsPolicy.None && configured is null ? new TlsAuthority(new ReloadedPair(TlsFiles.Authority(options), time, logger), time) : null;
        return new TlsTermination(options, configured, authority, TlsFiles.Anchors(options));
    }

    /// <summary>The client's handshake.</summary>
    /// <param name="transport">Its connection; owned from now on.</param>
    /// <param name="server">The server that it meant.</param>
    /// <param name="names">What that is called, where the client does not say; what is no host name is left out.</param>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="TlsHandshakeException">It failed.</exception>
    public Task<TlsSession> AcceptAsync(Stream transport, IPAddress server, IEnumerable<string> names, CancellationToken cancel) => ShakeAsync(
        transport,
        async stream =>
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) => ValueTask.FromResult(new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = ContextFor(HostName.IsValid(hello.ServerName) ? [hello.ServerName.ToLowerInvariant()] : names, server),
                    EnabledSslProtocols = Versions,
                    EncryptionPolicy = EncryptionPolicy.RequireEncryption,
                    AllowRenegotiation = false,
                }),
                null,
                cancel);
            return null;
        });

    /// <summary>The handshake with a server; any certificate will do, to be judged afterwards.</summary>
    /// <param name="transport">Its connection; owned from now on.</param>
    /// <param name="name">What to call it in the handshake, so that it chooses the right certificate; proves nothing.</param>
    /// <param name="cancel">The deadline.</param>
    /// <exception cref="TlsHandshakeException">It failed.</exception>
    public Task<TlsSession> ConnectAsync(Stream transport, string? name, CancellationToken cancel) => ShakeAsync(
        transport,
        async stream =>
        {
            TlsPeer? peer = null;
            await stream.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = name is not null && HostName.IsValid(name) ? name : "",
                    EnabledSslProtocols = Versions,
                    EncryptionPolicy = EncryptionPolicy.RequireEncryption,
                    AllowRenegotiation = false,
                    CertificateChainPolicy = PathPolicy(),
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    {
                        if (certificate is X509Certificate2 shown)
                            peer = TlsPeer.Of(shown, chain);
                        return peer is not null;
                    },
                },
                cancel);
            return peer;
        });

    private static async Task<TlsSession> ShakeAsync(Stream transport, Func<SslStream, Task<TlsPeer?>> shake)
    {
        var stream = new SslStream(transport, leaveInnerStreamOpen: false);
        try
        {
            return new TlsSession(stream, await shake(stream));
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or ObjectDisposedException or InvalidOperationException or NotSupportedException)
        {
            await stream.DisposeAsync();
            throw new TlsHandshakeException(e.InnerException is { } inner && e is AuthenticationException ? $"{e.Message} {inner.Message}" : e.Message, e);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private SslStreamCertificateContext ContextFor(IEnumerable<string> names, IPAddress server)
    {
        if (_authority is not null)
            return _authority.For([.. names.Select(name => name.ToLowerInvariant()).Where(name => HostName.IsValid(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name)).Distinct().Take(MaxNames)], server);
        CertificatePair pair = _configured!.Current;
        lock (_wrapping)
        {
            // One context for all sessions: it is what their resumption hangs on.
            if (_wrapped?.Pair != pair)
                _wrapped = (pair, SslStreamCertificateContext.Create(pair.Certificate, pair.Others, offline: true));
            return _wrapped.Value.Context;
        }
    }

    /// <summary>Nothing is fetched: a box in the wire may have no way of its own.</summary>
    private X509ChainPolicy PathPolicy()
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            TrustMode = _anchors is null ? X509ChainTrustMode.System : X509ChainTrustMode.CustomRootTrust,
        };
        policy.ApplicationPolicy.Add(s_serverAuth);
        if (_anchors is not null)
            policy.CustomTrustStore.AddRange(_anchors);
        return policy;
    }
}

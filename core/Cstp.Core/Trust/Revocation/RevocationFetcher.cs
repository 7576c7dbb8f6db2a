using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Cstp.Core.Diagnostics;
using Microsoft.Extensions.Logging;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust.Revocation;

/// <summary>Fetches revocation lists and asks responders, in the background: what mail asks for, and what is about to run out.</summary>
/// <remarks>
/// Only for certificates in a path to a trusted authority, so that no stranger's mail makes the box connect anywhere. Only http and https, public or
/// allowed addresses, no redirects, within limits of size and time. What failed is left alone for a while.
/// </remarks>
internal sealed class RevocationFetcher : IAsyncDisposable
{
    private const int Workers = 4;
    private const int MaxQueued = 1_000;
    private const int MaxAnswer = 64 * 1024;
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeftAlone = TimeSpan.FromMinutes(5);

    /// <summary>What runs out within this is fetched anew.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromHours(1);

    private readonly RevocationKnowledge _knowledge;
    private readonly RevocationOptions _options;
    private readonly Func<TrustSnapshot> _trust;
    private readonly Action<X509Crl, string> _keep;
    private readonly CstpMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _web;
    private readonly Channel<Job> _queue = Channel.CreateBounded<Job>(MaxQueued);
    private readonly ConcurrentDictionary<string, Job> _open = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _notBefore = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _working;
    private readonly Rounds _watching;

    /// <summary>Starts it.</summary>
    /// <param name="knowledge">What is known; it asks here from now on.</param>
    /// <param name="options">Section <c>[revocation]</c>.</param>
    /// <param name="trust">The store as it stands.</param>
    /// <param name="keep">Keeps a list and where it came from.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public RevocationFetcher(
        RevocationKnowledge knowledge, RevocationOptions options, Func<TrustSnapshot> trust, Action<X509Crl, string> keep, CstpMetrics metrics, TimeProvider time, ILogger logger)
    {
        _knowledge = knowledge;
        _options = options;
        _trust = trust;
        _keep = keep;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        var addresses = new PublicAddresses(options.AllowedNetworks);
        _web = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 2,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            ConnectCallback = (context, cancel) => addresses.ConnectAsync(context.DnsEndPoint, cancel),
        })
        { Timeout = options.FetchTimeout };
        _working = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(WorkAsync)));
        _watching = new Rounds(Round, time, LookAhead, failed => RevocationLog.WatchFailed(logger, failed));
        knowledge.FetchBy(this);
    }

    /// <summary>Asks for what is unknown of a path; never waits.</summary>
    /// <param name="path">A path that holds.</param>
    public void AskFor(IReadOnlyList<CertificateFacts> path) => Enqueue(path, TimeSpan.Zero);

    /// <summary>Asks for what is unknown of a path and waits for it.</summary>
    /// <param name="path">A path that holds.</param>
    /// <param name="limit">Ends the waiting, not the fetching.</param>
    public async Task WaitForAsync(IReadOnlyList<CertificateFacts> path, CancellationToken limit)
    {
        try
        {
            await Task.WhenAll(Enqueue(path, TimeSpan.Zero).Select(job => job.Done.Task)).WaitAsync(limit);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // Mail goes on with what is known.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _knowledge.FetchBy(null);
        await _watching.DisposeAsync();
        await _ended.CancelAsync();
        await _working;
        _web.Dispose();
        _ended.Dispose();
    }

    /// <returns>What is on its way for this path now.</returns>
    private List<Job> Enqueue(IReadOnlyList<CertificateFacts> path, TimeSpan ahead)
    {
        var jobs = new List<Job>();
        DateTimeOffset now = _time.GetUtcNow();
        for (int i = 0; i + 1 < path.Count; i++)
        {
            RevocationStatus status = _knowledge.Of(path[i], path[i + 1]);
            string name = path[i].Certificate.Fingerprint;
            bool isDue = status.State == RevocationState.Unknown || (status.Until != DateTimeOffset.MaxValue && status.Until < now + ahead);
            if (!isDue || (_notBefore.TryGetValue(name, out DateTimeOffset notBefore) && now < notBefore))
                continue;
            var job = new Job(path[i], path[i + 1]);
            Job open = _open.GetOrAdd(name, job);
            if (open == job && !_queue.Writer.TryWrite(job))
            {
                _open.TryRemove(name, out Job? _);
                continue;
            }
            jobs.Add(open);
        }
        return jobs;
    }

    /// <summary>What is in use and about to run out is fetched before mail needs it.</summary>
    private void LookAhead()
    {
        foreach (IReadOnlyList<CertificateFacts> path in _trust().Paths())
            Enqueue(path, Ahead);
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (Job job in _queue.Reader.ReadAllAsync(_ended.Token))
            {
                try
                {
                    await RunAsync(job);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    RevocationLog.Fault(_logger, job.Certificate.Certificate.Fingerprint[..16], fault);
                }
                finally
                {
                    _open.TryRemove(job.Certificate.Certificate.Fingerprint, out Job? _);
                    job.Done.TrySetResult();
                }
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The box stops.
        }
    }

    private async Task RunAsync(Job job)
    {
        string name = job.Certificate.Certificate.Fingerprint;
        _notBefore[name] = _time.GetUtcNow() + LeftAlone;
        var certificate = new X509Certificate(job.Certificate.Certificate.Der.ToArray());
        var issuer = new X509Certificate(job.Issuer.Certificate.Der.ToArray());
        RevocationAddresses addresses = RevocationAddresses.Read(certificate);
        // One list serves all certificates of an authority, and tells nobody whose mail is being read.
        foreach (Uri address in addresses.Lists)
        {
            if (await TryAsync("list", job, address, cancel => FetchListAsync(address, issuer, cancel)))
                break;
        }
        if (_knowledge.Of(job.Certificate, job.Issuer).State == RevocationState.Unknown)
        {
            foreach (Uri address in addresses.Responders)
            {
                if (await TryAsync("ocsp", job, address, cancel => AskAsync(job, address, new OcspExchange(certificate, issuer), cancel)))
                    break;
            }
        }
        RevocationStatus status = _knowledge.Of(job.Certificate, job.Issuer);
        if (status.State == RevocationState.Revoked)
            RevocationLog.Revoked(_logger, name[..16], status.Reason);
        if (status.State != RevocationState.Unknown)
            _notBefore.TryRemove(name, out _);
        else if (_notBefore.Count > 10 * MaxQueued)
            _notBefore.Clear();
    }

    private async Task<bool> TryAsync(string kind, Job job, Uri address, Func<CancellationToken, Task> fetch)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        limit.CancelAfter(_options.FetchTimeout);
        try
        {
            await fetch(limit.Token);
            _metrics.RevocationFetched(kind, "fetched");
            return true;
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or FormatException or System.Net.Sockets.SocketException
            || (failed is OperationCanceledException && !_ended.IsCancellationRequested))
        {
            _metrics.RevocationFetched(kind, "failed");
            string problem = failed is OperationCanceledException ? $"no answer within {_options.FetchTimeout.TotalSeconds:0} s" : (failed.InnerException ?? failed).Message;
            RevocationLog.FetchFailed(_logger, job.Certificate.Certificate.Fingerprint[..16], LogText.Escape(address.ToString()), LogText.Escape(problem));
            return false;
        }
    }

    private async Task FetchListAsync(Uri address, X509Certificate issuer, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        byte[] content = await SendAsync(request, _options.MaxList, cancel);
        X509Crl list = CrlFile.Read(content)[0];
        if (CrlFile.WhyUnusable(list, issuer, _time.GetUtcNow()) is { } problem)
            throw new FormatException($"the list {problem}");
        _keep(list, address.ToString());
        RevocationLog.ListFetched(_logger, LogText.Escape(issuer.SubjectDN.ToString()), LogText.Escape(address.ToString()), content.Length, new DateTimeOffset(list.NextUpdate!.Value, TimeSpan.Zero));
    }

    private async Task AskAsync(Job job, Uri address, OcspExchange exchange, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(exchange.Request()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/ocsp-request");
        RevocationStatus answer = exchange.Read(await SendAsync(request, MaxAnswer, cancel), _time.GetUtcNow());
        _knowledge.TakeAnswer(job.Certificate, answer);
        RevocationLog.Answered(_logger, job.Certificate.Certificate.Fingerprint[..16], LogText.Escape(address.ToString()), answer.Reason);
    }

    private async Task<byte[]> SendAsync(HttpRequestMessage request, int limit, CancellationToken cancel)
    {
        using HttpResponseMessage response = await _web.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
            throw new FormatException($"the server answers {(int)response.StatusCode}");
        if (response.Content.Headers.ContentLength > limit)
            throw new FormatException($"more than {limit} octets");
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancel);
        var content = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0;)
        {
            if (content.Length + read > limit)
                throw new FormatException($"more than {limit} octets");
            content.Write(buffer, 0, read);
        }
        return content.ToArray();
    }

    private sealed class Job(CertificateFacts certificate, CertificateFacts issuer)
    {
        public CertificateFacts Certificate => certificate;

        public CertificateFacts Issuer => issuer;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

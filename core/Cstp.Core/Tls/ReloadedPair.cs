using Microsoft.Extensions.Logging;

namespace Cstp.Core.Tls;

/// <summary>A certificate and its key that are read again when their files change; while the new ones cannot be used, the old ones stay. Safe for all threads.</summary>
internal sealed class ReloadedPair
{
    /// <summary>As the store: a change is in force within a second.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly PairFiles _files;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _reading = new();
    private CertificatePair _current;
    private string _stamp;
    private long _looked;

    /// <summary>Reads the files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="TlsFileException">They cannot be used.</exception>
    public ReloadedPair(PairFiles files, TimeProvider time, ILogger logger)
    {
        (_files, _time, _logger) = (files, time, logger);
        _stamp = Stamp();
        _looked = time.GetTimestamp();
        _current = CertificatePair.Read(files);
        if (_current.ProblemAt(time.GetUtcNow()) is { } problem)
            TlsLog.CertificateQuestionable(logger, files.CertificateFile, problem);
    }

    /// <summary>What is in force.</summary>
    public CertificatePair Current
    {
        get
        {
            lock (_reading)
            {
                if (_time.GetElapsedTime(_looked) >= s_look)
                    Look();
                return _current;
            }
        }
    }

    private void Look()
    {
        _looked = _time.GetTimestamp();
        string stamp = Stamp();
        if (stamp == _stamp)
            return;
        _stamp = stamp;
        try
        {
            // Sessions that began with the old one may still use it: it is left to the collector.
            _current = CertificatePair.Read(_files);
            TlsLog.CertificateReplaced(_logger, _files.CertificateFile, _current.Certificate.NotAfter.ToUniversalTime());
            if (_current.ProblemAt(_time.GetUtcNow()) is { } problem)
                TlsLog.CertificateQuestionable(_logger, _files.CertificateFile, problem);
        }
        catch (TlsFileException unusable)
        {
            TlsLog.CertificateNotReplaced(_logger, unusable.Key, unusable.Message);
        }
    }

    private string Stamp() => string.Join(' ', _files.All.Select(file => new FileInfo(file)).Select(file => file.Exists ? $"{file.LastWriteTimeUtc.Ticks}/{file.Length}" : "-"));
}

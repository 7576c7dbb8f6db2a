using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Mime;
using Cstp.Core.Plugins;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;
using Cstp.Core.Store;
using Cstp.Core.Tls;
using Cstp.Core.Trust;
using Cstp.CryptoBouncyCastle;
using Cstp.Tests.EndToEnd;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.Securing.Table;

/// <summary>A box of amd.test without sockets, and what it logs.</summary>
internal sealed class TableBox : IDisposable
{
    private static readonly BouncyCastleEnveloper s_crypto = new();

    private readonly RecordingLoggers _loggers = new();
    private readonly TestDatabase _database = new();

    public TableBox(IRecipientPolicy policy, SecuringOptions options, IReadOnlyList<OwnKey> keys)
    {
        var modules = new SelectedModules(s_crypto, "crypto", policy, "policy", new LoopbackMode(1, 1), "loopback", []);
        var settings = new BoxSettings(
            new BoxOptions { Name = "cstpbox@amd.test", Domains = ["amd.test"] }, options, new SmtpOptions(), new SpoolOptions(), new RelayOptions(), new StoreOptions(), new TlsOptions());
        Keys = keys;
        Box = new Box(settings, modules, () => Trust, _database.File, (_, _, _, _) => { }, TimeProvider.System, _loggers);
    }

    public Box Box { get; }

    public IReadOnlyList<OwnKey> Keys { get; set; }

    public TrustSnapshot Trust { get; private set; } = TrustSnapshot.Empty;

    public void Know(params StoredCertificate[] certificates) => Trust = new TrustSnapshot(certificates, Keys, TimeProvider.System, ["amd.test"]);

    /// <summary>The events since the last call, of the securing station and worth a line in ordinary operation; names of what is random are replaced.</summary>
    public string TakeLog(params (string Text, string Name)[] names)
    {
        string[] lines = [.. _loggers.Lines.Select(line => names.Aggregate(line, (text, pair) => text.Replace(pair.Text, pair.Name, StringComparison.Ordinal)))];
        _loggers.Lines.Clear();
        return lines.Length == 0 ? "–" : string.Join("<br>", lines);
    }

    public void Dispose()
    {
        Box.Dispose();
        _database.Dispose();
    }

    private sealed class RecordingLoggers : ILoggerFactory, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new InvalidOperationException("this factory records itself");

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Lines.Add($"{eventId.Id}: {formatter(state, exception).Replace("table: ", "", StringComparison.Ordinal)}");
        }

        public void Dispose()
        {
        }
    }
}

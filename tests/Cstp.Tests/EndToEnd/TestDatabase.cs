using Cstp.Core.Store;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Cstp.Tests.EndToEnd;

/// <summary>The store's tables in memory, or in a file that outlives a box.</summary>
internal sealed class TestDatabase : IDisposable
{
    private readonly SqliteConnection _first;

    public TestDatabase(string? path = null)
    {
        string connection = path is null ? $"Data Source=file:{Guid.NewGuid():n};Mode=Memory;Cache=Shared" : $"Data Source={path};Pooling=False";
        File = new SqliteFile(path ?? "memory", connection);
        _first = File.Connect();
        if (path is not null)
            _first.Execute("pragma journal_mode = wal; pragma synchronous = normal");
        foreach (DbUp.Engine.SqlScript script in StoreSchema.Scripts)
            _first.Execute(script.Contents);
    }

    public SqliteFile File { get; }

    /// <summary>From now on nothing can be written.</summary>
    public void Break() => _first.Execute("drop table ledger");

    public void Dispose() => _first.Dispose();
}

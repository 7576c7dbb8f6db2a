using Microsoft.Data.Sqlite;

namespace Cstp.Core.Store;

/// <summary>A database file. Every call takes a connection of its own, so that all threads may call.</summary>
/// <param name="file">The file.</param>
/// <param name="connectionString">How it is opened.</param>
internal class SqliteFile(string file, string connectionString)
{
    /// <summary>The database's file.</summary>
    public string File => file;

    /// <summary>A connection; its <c>data_version</c> moves when any other connection commits.</summary>
    /// <exception cref="StoreException">The database cannot be used.</exception>
    public SqliteConnection Connect() => Guarded(file, () =>
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    });

    /// <summary>Changes the database in one transaction.</summary>
    /// <param name="change">What to do; its result is handed back.</param>
    /// <exception cref="StoreException">The database cannot be used; nothing was changed.</exception>
    public T Change<T>(Func<SqliteConnection, SqliteTransaction, T> change) => Guarded(file, () =>
    {
        using SqliteConnection connection = Connect();
        using SqliteTransaction transaction = connection.BeginTransaction();
        T result = change(connection, transaction);
        transaction.Commit();
        return result;
    });

    /// <summary>Runs something that uses SQLite and turns its errors into ours.</summary>
    /// <param name="file">The database's file.</param>
    /// <param name="use">What to run.</param>
    public static T Guarded<T>(string file, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (SqliteException damaged) when (damaged.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            throw new StoreException($"{file}: store is damaged ({damaged.Message}). Restore a backup, or move the file away and make a new one with 'cstp init'.", damaged);
        }
        catch (Exception failed) when (failed is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{file}: store cannot be used ({failed.Message}). Look at owner and mode of file and folder and at free space.", failed);
        }
    }
}

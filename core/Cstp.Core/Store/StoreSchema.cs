using System.Globalization;
using Dapper;
using DbUp;
using DbUp.Engine;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;

namespace Cstp.Core.Store;

/// <summary>Brings a database to the schema of this build. Its version is the number of scripts that ran.</summary>
internal static class StoreSchema
{
    /// <summary>"CSTP": tells our databases from others'.</summary>
    private const long ApplicationId = 0x43535450;

    /// <summary>The scripts in their order.</summary>
    public static IReadOnlyList<SqlScript> Scripts { get; } = Load();

    /// <summary>Upgrades, with a copy of an older database kept beside it.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="file">The database's file.</param>
    /// <param name="scripts">The scripts; all of this build's unless a test asks for an older schema.</param>
    /// <exception cref="StoreException">The database is not ours, newer, or the upgrade failed.</exception>
    public static void Upgrade(SqliteConnection connection, string file, IReadOnlyList<SqlScript> scripts)
    {
        long version = connection.ExecuteScalar<long>("pragma user_version");
        bool isEmpty = connection.ExecuteScalar<long>("select count(*) from sqlite_master") == 0;
        if (!isEmpty && connection.ExecuteScalar<long>("pragma application_id") != ApplicationId)
            throw new StoreException($"{file}: this SQLite database is no store of CSTP. Name the right file in [store] file.");
        if (version > scripts.Count)
            throw new StoreException($"{file}: store has schema {version}, this build knows {scripts.Count}. Run the newer CSTP that wrote it, or restore the backup made before the upgrade.");
        if (version == scripts.Count)
            return;
        if (!isEmpty)
            BackUp(connection, file, version);
        // Before anything else, so that a database whose first upgrade was cut off is still known as ours.
        connection.Execute(FormattableString.Invariant($"pragma application_id = {ApplicationId}"));
        using var shared = new SharedConnection(connection);
        DatabaseUpgradeResult result = DeployChanges.To.SqliteDatabase(shared)
            .WithScripts(scripts)
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
            throw new StoreException($"{file}: upgrade to schema {scripts.Count} failed at {result.ErrorScript?.Name}: {result.Error.Message}. The copy {BackupName(file, version)} is untouched.", result.Error);
        connection.Execute(FormattableString.Invariant($"pragma user_version = {scripts.Count}"));
    }

    private static void BackUp(SqliteConnection connection, string file, long version)
    {
        string copy = BackupName(file, version);
        if (File.Exists(copy))
            File.Delete(copy);
        StoreFile.CreatePrivate(copy, []);
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = copy, Pooling = false }.ToString());
        target.Open();
        connection.BackupDatabase(target);
    }

    private static string BackupName(string file, long version) => string.Create(CultureInfo.InvariantCulture, $"{file}.bak-{version}");

    private static List<SqlScript> Load()
    {
        var assembly = typeof(StoreSchema).Assembly;
        const string prefix = "Cstp.Core.Store.Schema.";
        var scripts = new List<SqlScript>();
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            scripts.Add(new SqlScript(name[prefix.Length..], reader.ReadToEnd()));
        }
        return scripts;
    }
}

using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Storage.Tests.Sqlite;

/// <summary>A store in a folder, opened as the sidecar does, and its file looked at behind its back.</summary>
internal static class SqliteStore
{
    public static string File(TemporaryFolder folder) => folder.Path("pdsidecar.db");

    public static string KeyFile(TemporaryFolder folder) => folder.Path("encryption.key");

    public static SqliteConfigurationStore Open(TemporaryFolder folder) => SqliteConfigurationStore.Open(File(folder), KeyRing.Open(KeyFile(folder)));

    /// <summary>Runs SQL on a connection of its own.</summary>
    public static object? Sql(string file, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller's SQL is a literal of the tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}

using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Data.Sqlite;

namespace Border0.PdSidecar.Load.Servers;

/// <summary>Puts policies into the database of a sidecar that does not run: a hundred thousand calls would take longer than the benchmark.</summary>
internal static class PolicySeed
{
    private const string Organization = "default";

    public static void Write(string dataDirectory, IEnumerable<Policy> policies)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(dataDirectory, "pdsidecar.db")};Pooling=False");
        connection.Open();
        using var transaction = connection.BeginTransaction();
        using var policyRow = Command(connection, transaction, "INSERT INTO policies (organization, name, version, record) VALUES ($o, $n, $v, $r)", "$o", "$n", "$v", "$r");
        using var reference = Command(connection, transaction, "INSERT INTO policy_integrations (organization, integration, policy) VALUES ($o, $i, $p)", "$o", "$i", "$p");
        var version = 1_000L;
        foreach (var policy in policies)
        {
            policy.OrganizationId = Organization;
            policy.CreateTime = policy.UpdateTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow);
            Execute(policyRow, Organization, policy.Name, ++version, policy.ToByteArray());
            Execute(reference, Organization, PagerDutyAccountForLoad.IntegrationName, policy.Name);
        }

        using var counter = Command(connection, transaction, "UPDATE counters SET value = $v WHERE name = 'version'", "$v");
        Execute(counter, version);
        transaction.Commit();
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction transaction, string sql, params ReadOnlySpan<string> names)
    {
#pragma warning disable CA2100 // Every text is a constant of this file.
        var command = new SqliteCommand(sql, connection, transaction);
#pragma warning restore CA2100
        foreach (var name in names)
        {
            command.Parameters.Add(new SqliteParameter(name, null));
        }

        return command;
    }

    private static void Execute(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }
}

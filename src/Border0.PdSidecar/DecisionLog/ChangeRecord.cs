using Border0.PdSidecar.Administration;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Writes what an administrator changed, with before and after.</summary>
internal static class ChangeRecord
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static void Write(long ticks, ConfigurationChange change, LineBuffer lines)
    {
        lines.AddTime("{\"kind\":\"change\",\"time\":\""u8, ticks);
        if (change.Actor is { } actor)
        {
            ActorRecord.Write(actor, lines);
        }

        lines.AddText(",\"action\":\""u8, change.Action);
        lines.AddText(",\"type\":\""u8, change.Type);
        lines.AddIfAny(",\"organization\":\""u8, change.OrganizationId);
        lines.AddText(",\"name\":\""u8, change.Name);
        lines.AddIfAny(",\"etag_before\":\""u8, change.EtagBefore);
        lines.AddIfAny(",\"etag_after\":\""u8, change.EtagAfter);
        if (change.ApiKeyChanged)
        {
            lines.Add(",\"api_key_changed\":true"u8);
        }

        if (change.WebhookSecretsChanged)
        {
            lines.Add(",\"webhook_secrets_changed\":true"u8);
        }

        if (change.Before is { } before)
        {
            lines.Add(",\"before\":"u8, Formatter.Format(WithoutSecrets(before)));
        }

        if (change.After is { } after)
        {
            lines.Add(",\"after\":"u8, Formatter.Format(WithoutSecrets(after)));
        }

        lines.Add("}\n"u8);
    }

    /// <summary>What is stored holds none; that none is ever written does not rest on that alone.</summary>
    private static IMessage WithoutSecrets(IMessage message)
    {
        if (message is not Integration integration || (integration.ApiKey.Length == 0 && integration.WebhookSecrets.Count == 0))
        {
            return message;
        }

        var shown = integration.Clone();
        shown.ApiKey = "";
        shown.WebhookSecrets.Clear();
        return shown;
    }
}

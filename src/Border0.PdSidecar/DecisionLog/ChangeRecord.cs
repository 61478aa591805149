using System.Text.Json;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Writes what an administrator changed, with before and after.</summary>
internal static class ChangeRecord
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static void Write(Utf8JsonWriter json, long ticks, ConfigurationChange change)
    {
        json.WriteString(RecordNames.Kind, RecordNames.ChangeKind);
        RecordTime.Write(json, RecordNames.Time, ticks);

        // Callers are not told apart yet: whoever reaches an administrative call is on this machine.
        json.WriteStartObject(RecordNames.Actor);
        json.WriteString(RecordNames.Caller, RecordNames.Local);
        json.WriteEndObject();
        json.WriteString(RecordNames.Action, change.Before is null ? RecordNames.Create : change.After is null ? RecordNames.Delete : RecordNames.Update);
        json.WriteString(RecordNames.Type, change.Type);
        json.WriteString(RecordNames.Organization, change.OrganizationId);
        json.WriteString(RecordNames.ResourceName, change.Name);
        Etag(json, RecordNames.EtagBefore, change.EtagBefore);
        Etag(json, RecordNames.EtagAfter, change.EtagAfter);
        if (change.ApiKeyChanged)
        {
            json.WriteBoolean(RecordNames.ApiKeyChanged, true);
        }

        if (change.WebhookSecretsChanged)
        {
            json.WriteBoolean(RecordNames.WebhookSecretsChanged, true);
        }

        Message(json, RecordNames.Before, change.Before);
        Message(json, RecordNames.After, change.After);
    }

    private static void Etag(Utf8JsonWriter json, JsonEncodedText name, string etag)
    {
        if (etag.Length > 0)
        {
            json.WriteString(name, etag);
        }
    }

    private static void Message(Utf8JsonWriter json, JsonEncodedText name, IMessage? message)
    {
        if (message is not null)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(Formatter.Format(WithoutSecrets(message)), skipInputValidation: true);
        }
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

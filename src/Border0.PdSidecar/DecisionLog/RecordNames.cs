using System.Text.Json;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>The names that records are made of, as they stand in the file.</summary>
internal static class RecordNames
{
    public static readonly JsonEncodedText Kind = Name("kind");
    public static readonly JsonEncodedText Time = Name("time");
    public static readonly JsonEncodedText Outcome = Name("outcome");
    public static readonly JsonEncodedText Organization = Name("organization");
    public static readonly JsonEncodedText Connector = Name("connector");
    public static readonly JsonEncodedText SessionKey = Name("session_key");
    public static readonly JsonEncodedText RequestId = Name("request_id");
    public static readonly JsonEncodedText User = Name("user");
    public static readonly JsonEncodedText ServiceAccount = Name("service_account");
    public static readonly JsonEncodedText GroupCount = Name("group_count");
    public static readonly JsonEncodedText ClientIp = Name("client_ip");
    public static readonly JsonEncodedText ClientCountry = Name("client_country");
    public static readonly JsonEncodedText SocketId = Name("socket_id");
    public static readonly JsonEncodedText SocketType = Name("socket_type");
    public static readonly JsonEncodedText Reasons = Name("reasons");
    public static readonly JsonEncodedText Code = Name("code");
    public static readonly JsonEncodedText Policy = Name("policy");
    public static readonly JsonEncodedText Condition = Name("condition");
    public static readonly JsonEncodedText Message = Name("message");
    public static readonly JsonEncodedText FactsAge = Name("facts_age_seconds");
    public static readonly JsonEncodedText Policies = Name("policies");
    public static readonly JsonEncodedText ValidUntil = Name("valid_until");
    public static readonly JsonEncodedText FactsTime = Name("facts_time");
    public static readonly JsonEncodedText Revision = Name("revision");
    public static readonly JsonEncodedText TraceId = Name("trace_id");
    public static readonly JsonEncodedText Cause = Name("cause");
    public static readonly JsonEncodedText ReasonAdmin = Name("reason_admin");
    public static readonly JsonEncodedText EventTime = Name("event_time");
    public static readonly JsonEncodedText DecisionTime = Name("decision_time");
    public static readonly JsonEncodedText InitiatingEntity = Name("initiating_entity");
    public static readonly JsonEncodedText Missing = Name("missing");
    public static readonly JsonEncodedText From = Name("from");
    public static readonly JsonEncodedText To = Name("to");
    public static readonly JsonEncodedText Actor = Name("actor");
    public static readonly JsonEncodedText Caller = Name("caller");
    public static readonly JsonEncodedText Action = Name("action");
    public static readonly JsonEncodedText Type = Name("type");
    public static readonly JsonEncodedText ResourceName = Name("name");
    public static readonly JsonEncodedText EtagBefore = Name("etag_before");
    public static readonly JsonEncodedText EtagAfter = Name("etag_after");
    public static readonly JsonEncodedText ApiKeyChanged = Name("api_key_changed");
    public static readonly JsonEncodedText WebhookSecretsChanged = Name("webhook_secrets_changed");
    public static readonly JsonEncodedText Before = Name("before");
    public static readonly JsonEncodedText After = Name("after");

    public static readonly JsonEncodedText DecisionKind = Name("decision");
    public static readonly JsonEncodedText RevocationKind = Name("revocation");
    public static readonly JsonEncodedText ChangeKind = Name("change");
    public static readonly JsonEncodedText GapKind = Name("gap");
    public static readonly JsonEncodedText Allow = Name("allow");
    public static readonly JsonEncodedText Deny = Name("deny");
    public static readonly JsonEncodedText Local = Name("local");
    public static readonly JsonEncodedText Create = Name("create");
    public static readonly JsonEncodedText Update = Name("update");
    public static readonly JsonEncodedText Delete = Name("delete");
    public static readonly JsonEncodedText QueueFull = Name("QUEUE_FULL");
    public static readonly JsonEncodedText NotWritten = Name("NOT_WRITTEN");

    private static readonly JsonEncodedText[] Codes = Values(DecisionReflection.Descriptor, nameof(ReasonCode));
    private static readonly JsonEncodedText[] Causes = Values(SessionReflection.Descriptor, nameof(RevocationCause));
    private static readonly JsonEncodedText[] Entities = Values(SessionReflection.Descriptor, nameof(V1.InitiatingEntity));

    /// <summary>"REASON_CODE_NOT_ON_CALL", as in the contract.</summary>
    public static JsonEncodedText Of(ReasonCode code) => Of(Codes, (int)code);

    /// <summary>"REVOCATION_CAUSE_SHIFT_ENDED", as in the contract.</summary>
    public static JsonEncodedText Of(RevocationCause cause) => Of(Causes, (int)cause);

    /// <summary>"INITIATING_ENTITY_POLICY", as in the contract.</summary>
    public static JsonEncodedText Of(InitiatingEntity entity) => Of(Entities, (int)entity);

    private static JsonEncodedText Of(JsonEncodedText[] values, int number) => (uint)number < (uint)values.Length ? values[number] : values[0];

    private static JsonEncodedText Name(string name) => JsonEncodedText.Encode(name);

    private static JsonEncodedText[] Values(FileDescriptor file, string name)
    {
        var known = file.EnumTypes.Single(e => e.Name == name).Values;
        var values = new JsonEncodedText[known.Max(v => v.Number) + 1];
        Array.Fill(values, Name(known.Single(v => v.Number == 0).Name));
        foreach (var value in known)
        {
            values[value.Number] = Name(value.Name);
        }

        return values;
    }
}

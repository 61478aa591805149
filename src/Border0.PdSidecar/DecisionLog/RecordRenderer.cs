using System.Buffers;
using System.Text;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// Makes a line of JSON of what happened. What is empty or not known is left out. A decision costs no allocation. Each request is paid
/// for with one, so the text is put together by hand: that costs a third less than with a general writer of JSON.
/// </summary>
/// <param name="defaultOrganization">The organization of requests that name none.</param>
internal sealed class RecordRenderer(string defaultOrganization)
{
    private static readonly SearchValues<char> Capitals = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    /// <summary>The longest name that a policy may have, in bytes.</summary>
    private const int LongestName = 256;

    private static readonly SearchValues<char> TraceDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Adds the line of an entry.</summary>
    public void Render(in LogEntry entry, LineBuffer lines)
    {
        switch (entry.Subject)
        {
            case EvaluateRequest request:
                Decision(entry, request, entry.Answer!, lines);
                break;
            case RevocationEntry revocation:
                Revocation(entry.Ticks, revocation, lines);
                break;
            default:
                ChangeRecord.Write(entry.Ticks, (ConfigurationChange)entry.Subject!, lines);
                break;
        }
    }

    /// <summary>Adds the line of a gap.</summary>
    public static void Render(in Gap gap, GapCause cause, long ticks, LineBuffer lines)
    {
        lines.AddTime("{\"kind\":\"gap\",\"time\":\""u8, ticks);
        lines.AddNumber(",\"missing\":"u8, gap.Missing);
        lines.AddTime(",\"from\":\""u8, gap.From);
        lines.AddTime(",\"to\":\""u8, gap.To);
        lines.Add(cause == GapCause.QueueFull ? ",\"cause\":\"QUEUE_FULL\"}\n"u8 : ",\"cause\":\"NOT_WRITTEN\"}\n"u8);
    }

    private void Decision(in LogEntry entry, EvaluateRequest request, EvaluationAnswer answer, LineBuffer lines)
    {
        var organization = request.OrganizationId.Length > 0 ? request.OrganizationId : defaultOrganization;
        lines.AddTime("{\"kind\":\"decision\",\"time\":\""u8, entry.Ticks);
        lines.AddText(
            answer.IsAllow ? ",\"outcome\":\"allow\",\"organization\":\""u8 : ",\"outcome\":\"deny\",\"organization\":\""u8, organization);
        if (entry.Caller is { } caller)
        {
            lines.Add(caller.Record);
        }

        lines.AddIfAny(",\"connector\":\""u8, request.ConnectorId);
        lines.AddIfAny(",\"session_key\":\""u8, request.SessionKey);
        lines.AddIfAny(",\"request_id\":\""u8, request.RequestId);
        lines.AddIfAny(",\"user\":\""u8, request.UserEmail);
        lines.AddIfAny(",\"service_account\":\""u8, request.ServiceAccount);
        if (request.Groups.Count > 0)
        {
            lines.AddNumber(",\"group_count\":"u8, request.Groups.Count);
        }

        lines.AddIfAny(",\"client_ip\":\""u8, AddressOf(request.ClientIp));
        lines.AddIfAny(",\"client_country\":\""u8, request.ClientCountry);
        lines.AddText(",\"socket_id\":\""u8, request.SocketId);
        lines.AddText(",\"socket_type\":\""u8, Lower(request.SocketType));
        var rest = Reasons(answer.Bytes, lines);
        Etags(answer.Bytes, entry.Policies?.Of(organization), lines);
        lines.AddTime(",\"valid_until\":\""u8, rest.ValidUntil);
        lines.AddTime(",\"facts_time\":\""u8, rest.FactsTime);
        lines.AddNumber(",\"revision\":"u8, rest.Revision);
        lines.AddIfAny(",\"trace_id\":\""u8, TraceIdOf(entry.TraceParent));
        lines.Add("}\n"u8);
    }

    /// <summary>Adds the reasons, and tells what stands beside them.</summary>
    private static Rest Reasons(ReadOnlySpan<byte> answer, LineBuffer lines)
    {
        var rest = default(Rest);
        var isFirst = true;
        lines.Add(",\"reasons\":["u8);
        for (var fields = new WireReader(answer); fields.Read();)
        {
            switch (fields.Field)
            {
                case EvaluateResponse.ReasonsFieldNumber:
                    OneReason(isFirst, fields.Bytes, lines);
                    isFirst = false;
                    break;
                case EvaluateResponse.ValidUntilFieldNumber:
                    rest.ValidUntil = WireSpan.Read(fields.Bytes);
                    break;
                case EvaluateResponse.FactsTimeFieldNumber:
                    rest.FactsTime = WireSpan.Read(fields.Bytes);
                    break;
                case EvaluateResponse.RevisionFieldNumber:
                    rest.Revision = fields.Number;
                    break;
            }
        }

        lines.Add("]"u8);
        return rest;
    }

    private static void OneReason(bool isFirst, ReadOnlySpan<byte> reason, LineBuffer lines)
    {
        lines.Add(isFirst ? "{\"code\":\""u8 : ",{\"code\":\""u8);
        var fields = new WireReader(reason);
        var any = fields.Read();
        var hasCode = any && fields.Field == Reason.CodeFieldNumber;
        lines.Add(ContractNames.Of(hasCode ? (ReasonCode)fields.Number : default));
        lines.Add("\""u8);
        for (any = hasCode ? fields.Read() : any; any; any = fields.Read())
        {
            switch (fields.Field)
            {
                case Reason.PolicyNameFieldNumber:
                    lines.AddText(",\"policy\":\""u8, fields.Bytes);
                    break;
                case Reason.ConditionFieldNumber:
                    lines.AddText(",\"condition\":\""u8, fields.Bytes);
                    break;
                case Reason.MessageFieldNumber:
                    lines.AddText(",\"message\":\""u8, fields.Bytes);
                    break;
                case Reason.FactsAgeFieldNumber:
                    lines.AddAge(",\"facts_age_seconds\":"u8, WireSpan.Read(fields.Bytes));
                    break;
            }
        }

        lines.Add("}"u8);
    }

    /// <summary>Which versions of the policies it was that the reasons name.</summary>
    private static void Etags(ReadOnlySpan<byte> answer, OrganizationPolicies? policies, LineBuffer lines)
    {
        if (policies is null)
        {
            return;
        }

        Span<char> name = stackalloc char[LongestName];
        var any = false;
        var last = default(ReadOnlySpan<byte>);
        for (var fields = new WireReader(answer); fields.Read();)
        {
            if (fields.Field != EvaluateResponse.ReasonsFieldNumber
                || NameOf(fields.Bytes) is not { Length: > 0 and <= LongestName } policy
                || policy.SequenceEqual(last)
                || !policies.ByName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..Encoding.UTF8.GetChars(policy, name)], out var known))
            {
                continue;
            }

            // The reasons of a policy follow one another.
            last = policy;
            lines.AddText(any ? ",\""u8 : ",\"policies\":{\""u8, policy);
            lines.AddText(":\""u8, known.Source.Etag);
            any = true;
        }

        if (any)
        {
            lines.Add("}"u8);
        }
    }

    private static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> reason)
    {
        for (var fields = new WireReader(reason); fields.Read();)
        {
            if (fields.Field == Reason.PolicyNameFieldNumber)
            {
                return fields.Bytes;
            }
        }

        return default;
    }

    private static void Revocation(long ticks, RevocationEntry entry, LineBuffer lines)
    {
        var revoked = entry.Revoked;
        lines.AddTime("{\"kind\":\"revocation\",\"time\":\""u8, ticks);
        lines.AddText(",\"organization\":\""u8, entry.OrganizationId);
        lines.AddIfAny(",\"connector\":\""u8, entry.ConnectorId);
        lines.AddIfAny(",\"session_key\":\""u8, revoked.SessionKey);
        lines.AddIfAny(",\"user\":\""u8, revoked.UserEmail);
        lines.AddIfAny(",\"service_account\":\""u8, revoked.ServiceAccount);
        lines.AddIfAny(",\"client_ip\":\""u8, entry.ClientAddress?.ToString());
        lines.AddIfAny(",\"client_country\":\""u8, entry.ClientCountry);
        lines.AddText(",\"socket_id\":\""u8, revoked.SocketId);
        lines.AddText(",\"socket_type\":\""u8, Lower(entry.SocketType));
        lines.Add(",\"cause\":\""u8);
        lines.Add(ContractNames.Of(revoked.Cause));
        lines.Add("\""u8);
        lines.AddIfAny(",\"policy\":\""u8, revoked.PolicyName);
        lines.AddIfAny(",\"condition\":\""u8, revoked.Condition);
        lines.AddIfAny(",\"reason_admin\":\""u8, revoked.ReasonAdmin);
        lines.AddTime(",\"event_time\":\""u8, revoked.EventTime);
        lines.AddTime(",\"decision_time\":\""u8, revoked.DecisionTime);
        lines.AddNumber(",\"revision\":"u8, entry.Revision);
        lines.Add(",\"initiating_entity\":\""u8);
        lines.Add(ContractNames.Of(revoked.InitiatingEntity));
        lines.Add("\"}\n"u8);
    }

    private static string Lower(string type) => type.AsSpan().ContainsAny(Capitals) ? type.ToLowerInvariant() : type;

    /// <summary>"192.0.2.1" of "192.0.2.1:22", "2001:db8::1" of "[2001:db8::1]:22": ports say nothing about who it was.</summary>
    private static ReadOnlySpan<char> AddressOf(ReadOnlySpan<char> client)
    {
        if (client.Length > 0 && client[0] == '[')
        {
            var end = client.IndexOf(']');
            return end > 0 ? client[1..end] : client;
        }

        var colon = client.IndexOf(':');
        return colon >= 0 && colon == client.LastIndexOf(':') ? client[..colon] : client;
    }

    /// <summary>The trace of "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"; empty for anything else.</summary>
    private static ReadOnlySpan<char> TraceIdOf(string? traceParent) =>
        traceParent is { Length: >= 55 } text && text[2] == '-' && text[35] == '-' && text[52] == '-'
        && !text.AsSpan(3, 32).ContainsAnyExcept(TraceDigits) && text.AsSpan(3, 32).ContainsAnyExcept('0')
            ? text.AsSpan(3, 32)
            : default;

    /// <summary>What an answer says beside its reasons.</summary>
    private struct Rest
    {
        public WireSpan? ValidUntil;
        public WireSpan? FactsTime;
        public long Revision;
    }
}

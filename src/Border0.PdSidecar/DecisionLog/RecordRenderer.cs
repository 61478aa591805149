using System.Buffers;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Policies;
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
    private static readonly SearchValues<char> TraceDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Adds the line of an entry.</summary>
    public void Render(in LogEntry entry, LineBuffer lines)
    {
        switch (entry.Subject)
        {
            case EvaluateRequest request:
                Decision(entry, request, entry.Response!, lines);
                break;
            case RevocationEntry revocation:
                Revocation(entry.Ticks, revocation, lines);
                break;
            default:
                ChangeRecord.Write(entry.Ticks, (ConfigurationChange)entry.Subject, lines);
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

    private void Decision(in LogEntry entry, EvaluateRequest request, EvaluateResponse response, LineBuffer lines)
    {
        var organization = request.OrganizationId.Length > 0 ? request.OrganizationId : defaultOrganization;
        lines.AddTime("{\"kind\":\"decision\",\"time\":\""u8, entry.Ticks);
        lines.AddText(
            response.Decision == V1.Decision.Allow ? ",\"outcome\":\"allow\",\"organization\":\""u8 : ",\"outcome\":\"deny\",\"organization\":\""u8, organization);
        lines.AddIfAny(",\"connector\":\""u8, request.ConnectorId);
        lines.AddIfAny(",\"session_key\":\""u8, request.SessionKey);
        lines.AddIfAny(",\"request_id\":\""u8, request.RequestId);
        lines.AddIfAny(",\"user\":\""u8, request.UserEmail);
        lines.AddIfAny(",\"service_account\":\""u8, request.ServiceAccount);
        if (entry.Groups > 0)
        {
            lines.AddNumber(",\"group_count\":"u8, entry.Groups);
        }

        lines.AddIfAny(",\"client_ip\":\""u8, AddressOf(request.ClientIp));
        lines.AddIfAny(",\"client_country\":\""u8, request.ClientCountry);
        lines.AddText(",\"socket_id\":\""u8, request.SocketId);
        lines.AddText(",\"socket_type\":\""u8, Lower(request.SocketType));
        Reasons(response, lines);
        Etags(response, entry.Policies?.Of(organization), lines);
        lines.AddTime(",\"valid_until\":\""u8, response.ValidUntil);
        lines.AddTime(",\"facts_time\":\""u8, response.FactsTime);
        lines.AddNumber(",\"revision\":"u8, response.Revision);
        lines.AddIfAny(",\"trace_id\":\""u8, TraceIdOf(entry.TraceParent));
        lines.Add("}\n"u8);
    }

    private static void Reasons(EvaluateResponse response, LineBuffer lines)
    {
        lines.Add(",\"reasons\":["u8);
        for (var i = 0; i < response.Reasons.Count; i++)
        {
            var reason = response.Reasons[i];
            lines.Add(i == 0 ? "{\"code\":\""u8 : ",{\"code\":\""u8);
            lines.Add(ContractNames.Of(reason.Code));
            lines.Add("\""u8);
            lines.AddIfAny(",\"policy\":\""u8, reason.PolicyName);
            lines.AddIfAny(",\"condition\":\""u8, reason.Condition);
            lines.AddIfAny(",\"message\":\""u8, reason.Message);
            lines.AddAge(",\"facts_age_seconds\":"u8, reason.FactsAge);
            lines.Add("}"u8);
        }

        lines.Add("]"u8);
    }

    /// <summary>Which versions of the policies it was that the reasons name.</summary>
    private static void Etags(EvaluateResponse response, OrganizationPolicies? policies, LineBuffer lines)
    {
        var any = false;
        for (var i = 0; policies is not null && i < response.Reasons.Count; i++)
        {
            var name = response.Reasons[i].PolicyName;
            if (name.Length == 0 || IsNamedBefore(response, i, name) || !policies.ByName.TryGetValue(name, out var policy))
            {
                continue;
            }

            lines.AddText(any ? ",\""u8 : ",\"policies\":{\""u8, name);
            lines.AddText(":\""u8, policy.Source.Etag);
            any = true;
        }

        if (any)
        {
            lines.Add("}"u8);
        }
    }

    private static bool IsNamedBefore(EvaluateResponse response, int index, string name)
    {
        for (var i = 0; i < index; i++)
        {
            if (response.Reasons[i].PolicyName == name)
            {
                return true;
            }
        }

        return false;
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
}

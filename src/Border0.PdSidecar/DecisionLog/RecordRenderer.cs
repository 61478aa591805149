using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>
/// Makes a line of JSON of what happened. What is empty or not known is left out. Used by one thread at a time; a decision costs no
/// allocation.
/// </summary>
/// <param name="defaultOrganization">The organization of requests that name none.</param>
internal sealed class RecordRenderer(string defaultOrganization) : IDisposable
{
    private static readonly SearchValues<char> Capitals = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<char> TraceDigits = SearchValues.Create("0123456789abcdef");

    // The lines are read by programs and people, never by a browser: what need not be escaped is not.
    private readonly Utf8JsonWriter _json = new(
        Stream.Null, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>Adds the line of an entry.</summary>
    public void Render(in LogEntry entry, LineBuffer lines)
    {
        Begin(lines);
        switch (entry.Subject)
        {
            case EvaluateRequest request:
                Decision(entry, request, entry.Response!);
                break;
            case RevocationEntry revocation:
                Revocation(entry.Ticks, revocation);
                break;
            default:
                ChangeRecord.Write(_json, entry.Ticks, (ConfigurationChange)entry.Subject);
                break;
        }

        End(lines);
    }

    /// <summary>Adds the line of a gap.</summary>
    public void Render(in Gap gap, JsonEncodedText cause, long ticks, LineBuffer lines)
    {
        Begin(lines);
        _json.WriteString(RecordNames.Kind, RecordNames.GapKind);
        RecordTime.Write(_json, RecordNames.Time, ticks);
        _json.WriteNumber(RecordNames.Missing, gap.Missing);
        RecordTime.Write(_json, RecordNames.From, gap.From);
        RecordTime.Write(_json, RecordNames.To, gap.To);
        _json.WriteString(RecordNames.Cause, cause);
        End(lines);
    }

    public void Dispose() => _json.Dispose();

    private void Begin(LineBuffer lines)
    {
        _json.Reset(lines);
        _json.WriteStartObject();
    }

    private void End(LineBuffer lines)
    {
        _json.WriteEndObject();
        _json.Flush();
        lines.Add((byte)'\n');
    }

    private void Decision(in LogEntry entry, EvaluateRequest request, EvaluateResponse response)
    {
        var organization = request.OrganizationId.Length > 0 ? request.OrganizationId : defaultOrganization;
        _json.WriteString(RecordNames.Kind, RecordNames.DecisionKind);
        RecordTime.Write(_json, RecordNames.Time, entry.Ticks);
        _json.WriteString(RecordNames.Outcome, response.Decision == V1.Decision.Allow ? RecordNames.Allow : RecordNames.Deny);
        _json.WriteString(RecordNames.Organization, organization);
        Text(RecordNames.Connector, request.ConnectorId);
        Text(RecordNames.SessionKey, request.SessionKey);
        Text(RecordNames.RequestId, request.RequestId);
        Text(RecordNames.User, request.UserEmail);
        Text(RecordNames.ServiceAccount, request.ServiceAccount);
        if (entry.Groups > 0)
        {
            _json.WriteNumber(RecordNames.GroupCount, entry.Groups);
        }

        Text(RecordNames.ClientIp, AddressOf(request.ClientIp));
        Text(RecordNames.ClientCountry, request.ClientCountry);
        Text(RecordNames.SocketId, request.SocketId);
        SocketType(request.SocketType);
        Reasons(response);
        Etags(response, entry.Policies?.Of(organization));
        RecordTime.Write(_json, RecordNames.ValidUntil, response.ValidUntil);
        RecordTime.Write(_json, RecordNames.FactsTime, response.FactsTime);
        _json.WriteNumber(RecordNames.Revision, response.Revision);
        Text(RecordNames.TraceId, TraceIdOf(entry.TraceParent));
    }

    private void Reasons(EvaluateResponse response)
    {
        _json.WriteStartArray(RecordNames.Reasons);
        for (var i = 0; i < response.Reasons.Count; i++)
        {
            var reason = response.Reasons[i];
            _json.WriteStartObject();
            _json.WriteString(RecordNames.Code, RecordNames.Of(reason.Code));
            Text(RecordNames.Policy, reason.PolicyName);
            Text(RecordNames.Condition, reason.Condition);
            Text(RecordNames.Message, reason.Message);
            RecordTime.Write(_json, RecordNames.FactsAge, reason.FactsAge);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    /// <summary>Which versions of the policies it was that the reasons name.</summary>
    private void Etags(EvaluateResponse response, OrganizationPolicies? policies)
    {
        var any = false;
        for (var i = 0; policies is not null && i < response.Reasons.Count; i++)
        {
            var name = response.Reasons[i].PolicyName;
            if (name.Length == 0 || IsNamedBefore(response, i, name) || !policies.ByName.TryGetValue(name, out var policy))
            {
                continue;
            }

            if (!any)
            {
                _json.WriteStartObject(RecordNames.Policies);
                any = true;
            }

            _json.WriteString(name, policy.Source.Etag);
        }

        if (any)
        {
            _json.WriteEndObject();
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

    private void Revocation(long ticks, RevocationEntry entry)
    {
        var revoked = entry.Revoked;
        _json.WriteString(RecordNames.Kind, RecordNames.RevocationKind);
        RecordTime.Write(_json, RecordNames.Time, ticks);
        _json.WriteString(RecordNames.Organization, entry.OrganizationId);
        Text(RecordNames.Connector, entry.ConnectorId);
        Text(RecordNames.SessionKey, revoked.SessionKey);
        Text(RecordNames.User, revoked.UserEmail);
        Text(RecordNames.ServiceAccount, revoked.ServiceAccount);
        if (entry.ClientAddress is { } address)
        {
            Span<byte> text = stackalloc byte[64];
            address.TryFormat(text, out var length);
            _json.WriteString(RecordNames.ClientIp, text[..length]);
        }

        Text(RecordNames.ClientCountry, entry.ClientCountry);
        Text(RecordNames.SocketId, revoked.SocketId);
        SocketType(entry.SocketType);
        _json.WriteString(RecordNames.Cause, RecordNames.Of(revoked.Cause));
        Text(RecordNames.Policy, revoked.PolicyName);
        Text(RecordNames.Condition, revoked.Condition);
        Text(RecordNames.ReasonAdmin, revoked.ReasonAdmin);
        RecordTime.Write(_json, RecordNames.EventTime, revoked.EventTime);
        RecordTime.Write(_json, RecordNames.DecisionTime, revoked.DecisionTime);
        _json.WriteNumber(RecordNames.Revision, entry.Revision);
        _json.WriteString(RecordNames.InitiatingEntity, RecordNames.Of(revoked.InitiatingEntity));
    }

    private void Text(JsonEncodedText name, ReadOnlySpan<char> text)
    {
        if (text.Length > 0)
        {
            _json.WriteString(name, text);
        }
    }

    private void SocketType(string type) =>
        _json.WriteString(RecordNames.SocketType, type.AsSpan().ContainsAny(Capitals) ? type.ToLowerInvariant() : type);

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

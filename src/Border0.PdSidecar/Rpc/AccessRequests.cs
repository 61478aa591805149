using System.Net;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.V1;
using Google.Protobuf.Collections;

namespace Border0.PdSidecar.Rpc;

/// <summary>Checks what a connector says of a connection, and makes the engine's request of it.</summary>
internal static class AccessRequests
{
    private const int Longest = 256;
    private const int MostGroups = 1_000;
    private const int MostTags = 256;

    /// <summary>Reads an Evaluate request; throws INVALID_ARGUMENT naming every bad field.</summary>
    public static AccessRequest Read(EvaluateRequest request, string defaultOrganization)
    {
        var found = new FieldViolations();
        var read = Read(
            "", request.SocketId, request.SocketType, request.UserEmail, request.Groups, request.ServiceAccount, request.ClientIp, request.ClientCountry, request.SocketTags,
            request.OrganizationId.Length > 0 ? request.OrganizationId : defaultOrganization, found);
        found.CheckOrganization("organization_id", request.OrganizationId);
        found.CheckText("request_id", request.RequestId, Longest);
        found.CheckText("connector_id", request.ConnectorId, Longest);
        found.CheckText("session_key", request.SessionKey, Longest);
        if (request.SessionKey.Length > 0 && request.ConnectorId.Length == 0)
        {
            found.Add("connector_id", "is required with a session_key");
        }

        return found.None ? read : throw RpcErrors.Invalid(found);
    }

    /// <summary>Reads the parts that every description of a connection has.</summary>
    public static AccessRequest Read(
        string prefix,
        string socketId,
        string socketType,
        string userEmail,
        RepeatedField<string> groups,
        string serviceAccount,
        string clientIp,
        string clientCountry,
        MapField<string, string>? tags,
        string organization,
        FieldViolations found,
        bool socketRequired = true)
    {
        if (socketRequired)
        {
            found.RequireText(prefix + "socket_id", socketId, Longest);
            found.RequireText(prefix + "socket_type", socketType, 64);
        }
        else
        {
            found.CheckText(prefix + "socket_type", socketType, 64);
        }

        if (userEmail.Length == 0 && serviceAccount.Length == 0)
        {
            found.Add(prefix + "user_email", "one of user_email and service_account is required");
        }
        else if (userEmail.Length > 0 && serviceAccount.Length > 0)
        {
            found.Add(prefix + "service_account", "only one of user_email and service_account may be given");
        }

        found.CheckText(prefix + "user_email", userEmail, 320);
        found.CheckText(prefix + "service_account", serviceAccount, Longest);
        if (found.CheckCount(prefix + "groups", groups.Count, MostGroups))
        {
            for (var i = 0; i < groups.Count; i++)
            {
                if (groups[i].Length > Longest)
                {
                    found.Add($"{prefix}groups[{i}]", $"must have at most {Longest} characters");
                }
            }
        }

        if (tags is { Count: > 0 } && found.CheckCount(prefix + "socket_tags", tags.Count, MostTags))
        {
            foreach (var (key, value) in tags)
            {
                found.CheckText(prefix + "socket_tags", key, Longest);
                found.CheckText(prefix + "socket_tags", value, Longest);
            }
        }

        IPAddress? address = null;
        if (clientIp.Length > 0 && !TryReadAddress(clientIp, out address))
        {
            found.Add(prefix + "client_ip", "must be an IPv4 or IPv6 address, with or without a port");
        }

        if (clientCountry.Length > 0 && !PolicyValidation.IsCountry(clientCountry))
        {
            found.Add(prefix + "client_country", "must be an ISO 3166-1 alpha-2 code, two letters");
        }

        return new AccessRequest
        {
            OrganizationId = organization,
            SocketId = socketId,
            SocketType = socketType.ToLowerInvariant(),
            UserEmail = userEmail,
            ServiceAccount = serviceAccount,
            Groups = groups.Count == 0 ? null : groups,
            ClientAddress = address,
            ClientCountry = clientCountry.ToUpperInvariant(),
            SocketTags = tags is { Count: > 0 } ? tags : null,
        };
    }

    /// <summary>What the journal kept of a session; it passed validation when it was opened.</summary>
    public static AccessRequest Recorded(EvaluateRequest request) => Read(
        "", request.SocketId, request.SocketType, request.UserEmail, request.Groups, request.ServiceAccount, request.ClientIp, request.ClientCountry, request.SocketTags,
        request.OrganizationId, new FieldViolations());

    /// <summary>"192.0.2.1", "192.0.2.1:22", "2001:db8::1", "[2001:db8::1]:22"; an IPv4-mapped address is the IPv4 address.</summary>
    public static bool TryReadAddress(string text, out IPAddress? address)
    {
        address = null;
        if (text.Length <= 15 && text.AsSpan().Count('.') == 3 && !text.Contains(':', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(text, out address);
        }

        if (text.Length > 64 || !(text.Contains(':', StringComparison.Ordinal) || text.AsSpan().Count('.') == 3) || text.Contains('%', StringComparison.Ordinal))
        {
            return false;
        }

        if (IPEndPoint.TryParse(text, out var endpoint) && (endpoint.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 || text.AsSpan().Count('.') == 3))
        {
            address = endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : endpoint.Address;
            return true;
        }

        return false;
    }
}

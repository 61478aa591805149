using System.Text.Json;
using Border0.PdSidecar.Simulator.Model;
using Microsoft.AspNetCore.Http;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>POST and PUT of incidents, as a full key may.</summary>
internal sealed class IncidentWrites(PagerDutyAccount account)
{
    public async Task<ApiAnswer> CreateAsync(HttpRequest request, RestApi api, Query query)
    {
        if (await IncidentAsync(request) is not { } incident)
        {
            return ApiAnswer.Invalid("incident is required");
        }

        var title = Text(incident, "title");
        var service = incident.TryGetProperty("service", out var s) && Text(s, "id") is { } id ? account.FindService(id) : null;
        if (title is null || service is null)
        {
            return ApiAnswer.Invalid(title is null ? "Title cannot be blank" : "Service does not exist");
        }

        return api.Incident(query, account.TriggerIncident(service, title).Id) with { Status = 201 };
    }

    public async Task<ApiAnswer> UpdateAsync(HttpRequest request, string id, RestApi api, Query query)
    {
        if (account.FindIncident(id) is not { } incident)
        {
            return ApiAnswer.NotFound();
        }

        if (await IncidentAsync(request) is not { } change)
        {
            return ApiAnswer.Invalid("incident is required");
        }

        if (change.TryGetProperty("service", out var s) && Text(s, "id") is { } service)
        {
            if (account.FindService(service) is not { } to)
            {
                return ApiAnswer.Error(400, 5002, "Service Not Found");
            }

            account.MoveTo(incident, to);
        }

        switch (Text(change, "status"))
        {
            case "acknowledged":
                account.Acknowledge(incident, ActingUser(request));
                break;
            case "resolved":
                account.Resolve(incident);
                break;
            case "triggered":
                account.Reopen(incident);
                break;
            case null:
                break;
            case var other:
                return ApiAnswer.Invalid($"status {other} is not valid");
        }

        return api.Incident(query, id);
    }

    /// <summary>PagerDuty wants the acting user's e-mail in the From header of account keys.</summary>
    private SimulatedUser ActingUser(HttpRequest request) =>
        account.FindUser(request.Headers["From"].ToString()) ?? account.Users[0];

    private static async Task<JsonElement?> IncidentAsync(HttpRequest request)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("incident", out var incident)
                && incident.ValueKind == JsonValueKind.Object
                ? incident.Clone()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

using System.Globalization;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Integrations;

/// <summary>Integrations, for people.</summary>
internal static class IntegrationTables
{
    /// <summary>One line for each.</summary>
    public static void WriteList(Terminal terminal, IEnumerable<Integration> integrations)
    {
        var now = terminal.Time.GetUtcNow();
        var table = new TextTable("NAME", "STATE", "REGION", "KEY", "INCIDENTS", "ON CALL", "MESSAGE");
        foreach (var integration in integrations)
        {
            var status = integration.Status ?? new IntegrationStatus();
            table.Add(
                integration.Name, State(status.State), RegionOf(integration), Key(integration),
                Said.Age(status.IncidentsTime, now), Said.Age(status.OnCallTime, now), status.Message);
        }

        table.Write(terminal);
    }

    /// <summary>All about one.</summary>
    public static void Write(Terminal terminal, Integration integration)
    {
        var now = terminal.Time.GetUtcNow();
        var status = integration.Status ?? new IntegrationStatus();
        var table = new TextTable()
            .Add("Name", integration.Name)
            .Add("Organization", integration.OrganizationId)
            .AddUnlessEmpty("Description", integration.Description)
            .Add("State", State(status.State))
            .AddUnlessEmpty("Message", status.Message)
            .Add(integration.BaseUrl.Length > 0 ? "Address" : "Region", integration.BaseUrl.Length > 0 ? integration.BaseUrl : RegionOf(integration))
            .Add("Key", Key(integration))
            .Add("Webhook secrets", integration.WebhookSecretCount.ToString(CultureInfo.InvariantCulture))
            .AddUnlessEmpty("New connections need facts younger than", Said.Span(integration.MaxStaleness))
            .AddUnlessEmpty("Sessions are kept on facts up to", Said.Span(integration.SessionMaxStaleness))
            .Add("Watched", $"{Said.Count(status.WatchedServices, "service")}, {Said.Count(status.WatchedEscalationPolicies, "escalation policy", "escalation policies")}")
            .Add("Age of incidents", Said.Age(status.IncidentsTime, now))
            .Add("Age of on-call shifts", Said.Age(status.OnCallTime, now))
            .Add("Age of services", Said.Age(status.ServicesTime, now));
        if (status.RateBudget is { Limit: > 0 } budget)
        {
            table.Add("Rate limit", string.Create(CultureInfo.InvariantCulture, $"{budget.Remaining} of {budget.Limit} left; {budget.RequestsLastMinute} requests in the last minute"));
        }

        if (status.Webhooks is { } webhooks)
        {
            table.Add("Webhooks", string.Create(CultureInfo.InvariantCulture, $"{webhooks.Accepted} accepted, {webhooks.Refused} refused{(webhooks.LastAcceptedTime is { } last ? $"; the last {Said.Age(last, now)} ago" : "")}"));
            table.AddUnlessEmpty("Last refusal", new Cell(webhooks.LastRefusal.Length > 0 ? $"{webhooks.LastRefusal} ({Said.At(webhooks.LastRefusedTime)})" : "", Tone.Notable));
        }

        table.AddUnlessEmpty("Last error", new Cell(status.LastError.Length > 0 ? $"{status.LastError} ({Said.At(status.LastErrorTime)})" : "", Tone.Notable))
            .Add("Created", Said.At(integration.CreateTime))
            .Add("Changed", Said.At(integration.UpdateTime))
            .Add("Etag", integration.Etag)
            .Write(terminal);
    }

    private static Cell State(IntegrationState state) => new(Said.Word(state), state switch
    {
        IntegrationState.Ok => Tone.Good,
        IntegrationState.Pending => Tone.Notable,
        _ => Tone.Bad,
    });

    private static string RegionOf(Integration integration) => integration.BaseUrl.Length > 0 ? integration.BaseUrl : integration.Region == Region.Eu ? "eu" : "us";

    private static string Key(Integration integration) => integration.ApiKeyHint.Length > 0 ? "…" + integration.ApiKeyHint : "(hidden)";
}

namespace Border0.PdSidecar.PagerDuty.Rest.Wire;

// The parts of PagerDuty's answers that are read. Everything may be missing or null: "unless otherwise noted, any field
// can contain null" (PagerDuty's "Types"); its own samples break what is noted otherwise. Extra fields are ignored.

/// <summary>A reference, or an object of which only this much is read.</summary>
internal sealed record WireReference
{
    public string? Id { get; init; }
    public string? Type { get; init; }
    public string? Summary { get; init; }
}

/// <summary>A user; without e-mail when PagerDuty gave a reference.</summary>
internal sealed record WireUser
{
    public string? Id { get; init; }
    public string? Name { get; init; }
    public string? Summary { get; init; }
    public string? Email { get; init; }
    public string? Role { get; init; }
}

internal sealed record WireService
{
    public string? Id { get; init; }
    public string? Name { get; init; }
    public string? Summary { get; init; }
    public string? Status { get; init; }
    public string? HtmlUrl { get; init; }
    public WireReference? EscalationPolicy { get; init; }
}

internal sealed record WireOnCall
{
    public WireUser? User { get; init; }
    public WireReference? Schedule { get; init; }
    public WireReference? EscalationPolicy { get; init; }
    public int? EscalationLevel { get; init; }
    public WireTime Start { get; init; }
    public WireTime End { get; init; }
}

internal sealed record WireIncident
{
    public string? Id { get; init; }
    public int? IncidentNumber { get; init; }
    public string? Title { get; init; }
    public string? Status { get; init; }
    public WireReference? Service { get; init; }
    public List<WireAssignment?>? Assignments { get; init; }
    public List<WireAcknowledgement?>? Acknowledgements { get; init; }
}

internal sealed record WireAssignment
{
    public WireUser? Assignee { get; init; }
}

internal sealed record WireAcknowledgement
{
    public WireUser? Acknowledger { get; init; }
}

internal sealed record WireWebhookSubscription
{
    public string? Id { get; init; }
    public bool? Active { get; init; }
    public WireDeliveryMethod? DeliveryMethod { get; init; }
}

internal sealed record WireDeliveryMethod
{
    public string? Url { get; init; }
    public bool? TemporarilyDisabled { get; init; }
}

/// <summary>What every list says about its pages.</summary>
internal interface IWirePage<T>
{
    /// <summary>Null when the list itself is missing: then it is no answer to the question.</summary>
    List<T?>? Rows { get; }

    bool? More { get; }
}

internal sealed record WireServicePage : IWirePage<WireService>
{
    public List<WireService?>? Services { get; init; }
    public bool? More { get; init; }
    List<WireService?>? IWirePage<WireService>.Rows => Services;
}

internal sealed record WireOnCallPage : IWirePage<WireOnCall>
{
    public List<WireOnCall?>? Oncalls { get; init; }
    public bool? More { get; init; }
    List<WireOnCall?>? IWirePage<WireOnCall>.Rows => Oncalls;
}

internal sealed record WireIncidentPage : IWirePage<WireIncident>
{
    public List<WireIncident?>? Incidents { get; init; }
    public bool? More { get; init; }
    List<WireIncident?>? IWirePage<WireIncident>.Rows => Incidents;
}

internal sealed record WireUserPage : IWirePage<WireUser>
{
    public List<WireUser?>? Users { get; init; }
    public bool? More { get; init; }
    List<WireUser?>? IWirePage<WireUser>.Rows => Users;
}

internal sealed record WireWebhookSubscriptionPage : IWirePage<WireWebhookSubscription>
{
    public List<WireWebhookSubscription?>? WebhookSubscriptions { get; init; }
    public bool? More { get; init; }
    List<WireWebhookSubscription?>? IWirePage<WireWebhookSubscription>.Rows => WebhookSubscriptions;
}

internal sealed record WireServiceAnswer
{
    public WireService? Service { get; init; }
}

internal sealed record WireUserAnswer
{
    public WireUser? User { get; init; }
}

using System.Collections.Frozen;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>A policy's PagerDuty condition, ready to be evaluated.</summary>
public sealed class CompiledCondition
{
    internal CompiledCondition(int index, IntegrationCondition source, IntegrationKey key, IntegrationSettings? settings)
    {
        var pagerDuty = source.PagerdutyOncall;
        Path = $"integrations[{index}]";
        OnCallPath = Path + ".require_be_oncall";
        IncidentPath = Path + ".require_incident";
        Service = new ServiceKey(key, pagerDuty.ServiceId);
        Settings = settings;
        IntegrationName = settings?.DisplayName ?? source.IntegrationName;
        RequireOnCall = pagerDuty.RequireBeOncall;
        RequireIncident = pagerDuty.RequireIncident;
        MaxEscalationLevel = pagerDuty.MaxEscalationLevel;
        ScheduleIds = pagerDuty.ScheduleIds.Count == 0 ? null : pagerDuty.ScheduleIds.ToFrozenSet(StringComparer.Ordinal);
        Involvement = pagerDuty.IncidentInvolvement;
        Shadow = source.Mode == ConditionMode.Shadow;
    }

    /// <summary>"integrations[0]".</summary>
    public string Path { get; }

    /// <summary>"integrations[0].require_be_oncall".</summary>
    public string OnCallPath { get; }

    /// <summary>"integrations[0].require_incident".</summary>
    public string IncidentPath { get; }

    /// <summary>The service, through its integration.</summary>
    public ServiceKey Service { get; }

    /// <summary>The integration's settings; null when there is no such integration.</summary>
    public IntegrationSettings? Settings { get; }

    /// <summary>The integration's name as people write it.</summary>
    public string IntegrationName { get; }

    /// <summary>The user must be on call.</summary>
    public bool RequireOnCall { get; }

    /// <summary>The service must have an open incident.</summary>
    public bool RequireIncident { get; }

    /// <summary>Neither is required: always satisfied.</summary>
    public bool IsNoOp => !RequireOnCall && !RequireIncident;

    /// <summary>Only levels up to this one count; 0 for any.</summary>
    public int MaxEscalationLevel { get; }

    /// <summary>Only shifts of these schedules count; null for any.</summary>
    public FrozenSet<string>? ScheduleIds { get; }

    /// <summary>Which incidents count.</summary>
    public IncidentInvolvement Involvement { get; }

    /// <summary>Watched only: restricts nothing.</summary>
    public bool Shadow { get; }
}

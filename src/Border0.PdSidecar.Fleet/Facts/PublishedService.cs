using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;

namespace Border0.PdSidecar.Fleet.Facts;

/// <summary>What is published of one service, under one key.</summary>
/// <param name="Service">The service itself; null when it is not known yet.</param>
/// <param name="Incidents">Its open incidents; null when they are not known yet.</param>
internal sealed record PublishedService(ServiceFacts? Service, IncidentFacts? Incidents)
{
    /// <summary>Whether both say the same of PagerDuty, whatever their age.</summary>
    public bool SaysTheSameAs(PublishedService other) =>
        (Service is null) == (other.Service is null) && (Incidents is null) == (other.Incidents is null)
        && (Service?.SaysTheSameAs(other.Service!) ?? true)
        && (Incidents is null || (Incidents.SaysTheSameAs(other.Incidents!) && Incidents.ChangedAt == other.Incidents!.ChangedAt));
}

/// <summary>
/// That what stands in etcd of one kind of facts was so at an instant: what each refresh adds when PagerDuty says nothing new, so that
/// ages are true without any fact being written again.
/// </summary>
/// <param name="SentAt">When this was made, by the poller's clock: what other clocks are compared with.</param>
/// <param name="Since">When the poller began, by its clock: what was so at a later instant, it has seen itself.</param>
/// <param name="Groups">Which facts were so when. The first group stands for all that no other one names.</param>
/// <param name="Refused">PagerDuty refuses the key.</param>
/// <param name="Status">How polling is doing: an IntegrationStatus of the contract.</param>
internal sealed record Confirmation(
    DateTimeOffset SentAt, DateTimeOffset Since, ImmutableArray<ConfirmedGroup> Groups, bool Refused, byte[] Status);

/// <summary>Facts that were so at one instant.</summary>
/// <param name="AsOf">The instant, by the poller's clock.</param>
/// <param name="KnownUntil">Of on-call shifts: how far ahead they are known.</param>
/// <param name="Ids">The services or escalation policies; empty in the first group.</param>
internal sealed record ConfirmedGroup(DateTimeOffset AsOf, DateTimeOffset? KnownUntil, ImmutableArray<string> Ids);

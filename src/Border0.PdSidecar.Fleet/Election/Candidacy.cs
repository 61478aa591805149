using Border0.PdSidecar.Engine;

namespace Border0.PdSidecar.Fleet.Election;

/// <summary>What a member does about one integration.</summary>
internal enum Step
{
    /// <summary>Nothing, until something changes or <see cref="Candidacy.Plan.At"/> comes.</summary>
    Wait,

    /// <summary>Try to become its poller.</summary>
    Campaign,

    /// <summary>Give it up, for a better choice.</summary>
    HandOver,
}

/// <summary>Decides what a member does about an integration. Pure: all it goes by is given.</summary>
internal static class Candidacy
{
    /// <param name="Step">What to do now.</param>
    /// <param name="At">When to look again, by the same clock; null: when something changes.</param>
    public readonly record struct Plan(Step Step, TimeSpan? At);

    /// <param name="me">This member.</param>
    /// <param name="integration">The integration.</param>
    /// <param name="members">Every member and since when it is one, by this member's clock that only goes on.</param>
    /// <param name="poller">Who polls; null for nobody.</param>
    /// <param name="vacantSince">Since when nobody does, if so.</param>
    /// <param name="handedOverAt">When this member last gave an integration up.</param>
    /// <param name="now">Now.</param>
    /// <param name="options">The delays.</param>
    public static Plan Decide(
        string me,
        IntegrationKey integration,
        IReadOnlyDictionary<string, TimeSpan> members,
        string? poller,
        TimeSpan vacantSince,
        TimeSpan? handedOverAt,
        TimeSpan now,
        FleetOptions options)
    {
        if (poller is null)
        {
            var wait = options.StandbyDelay * Rendezvous.RankOf(me, members.Keys, integration);
            var at = vacantSince + (wait < options.LongestStandbyDelay ? wait : options.LongestStandbyDelay);
            return at <= now ? new Plan(Step.Campaign, null) : new Plan(Step.Wait, at);
        }

        if (poller != me)
        {
            return new Plan(Step.Wait, null);
        }

        var best = Rendezvous.Order(members.Keys, integration)[0];
        if (best == me)
        {
            return new Plan(Step.Wait, null);
        }

        // A member that comes and goes must not take its integrations to and fro; and all of them at once would be no gentle start.
        var due = members[best] + options.RebalanceAfter;
        var next = handedOverAt + options.RebalanceInterval ?? due;
        due = due > next ? due : next;
        return due <= now ? new Plan(Step.HandOver, null) : new Plan(Step.Wait, due);
    }
}

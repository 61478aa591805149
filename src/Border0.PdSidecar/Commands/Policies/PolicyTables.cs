using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;

namespace Border0.PdSidecar.Commands.Policies;

/// <summary>Policies, for people.</summary>
internal static class PolicyTables
{
    /// <summary>One line for each.</summary>
    public static void WriteList(Terminal terminal, IReadOnlyCollection<Policy> policies)
    {
        var table = new TextTable("NAME", "REACHES", "GRANTS", "REQUIRES", "WARNINGS");
        foreach (var policy in policies)
        {
            table.Add(
                policy.Name, Reaches(policy), Said.Grants(policy.Actions, policy.Permissions.Keys), string.Join("; ", Requires(policy)),
                new Cell(string.Join(", ", policy.Warnings.Select(w => w.Code)), Tone.Notable));
        }

        table.Write(terminal);
    }

    /// <summary>All about one.</summary>
    public static void Write(Terminal terminal, Policy policy)
    {
        var table = new TextTable()
            .Add("Name", policy.Name)
            .Add("Organization", policy.OrganizationId)
            .AddUnlessEmpty("Description", policy.Description)
            .Add("Reaches", Reaches(policy))
            .Add("Grants", Said.Grants(policy.Actions, policy.Permissions.Keys));
        foreach (var requirement in Requires(policy).DefaultIfEmpty("nothing"))
        {
            table.Add("Requires", requirement);
        }

        table.AddUnlessEmpty("Grace after revocation", Said.Span(policy.RevocationGrace))
            .AddUnlessEmpty("Longest session", Said.Span(policy.MaxSessionDuration))
            .Add("Created", Said.At(policy.CreateTime))
            .Add("Changed", Said.At(policy.UpdateTime))
            .Add("Etag", policy.Etag)
            .Write(terminal);
        WriteWarnings(terminal, policy.Name, policy.Warnings);
    }

    /// <summary>What is accepted but is probably not what was meant: on standard error, so that scripts do not lose it.</summary>
    public static void WriteWarnings(Terminal terminal, string name, IEnumerable<PolicyWarning> warnings)
    {
        foreach (var warning in warnings)
        {
            terminal.Error.WriteLine(TerminalText.Shown($"warning: {(name.Length > 0 ? $"policy {name}: " : "")}{(warning.Field.Length > 0 ? warning.Field + ": " : "")}{warning.Message} ({warning.Code})"));
        }
    }

    private static string Reaches(Policy policy)
    {
        List<string> ways = policy.OrgWide ? ["every socket"] : [];
        if (policy.SocketIds.Count > 0)
        {
            const int most = 5;
            ways.Add(string.Join(", ", policy.SocketIds.Take(most)) + (policy.SocketIds.Count > most ? $" and {policy.SocketIds.Count - most} more" : ""));
        }

        ways.AddRange(policy.TagRules.Select(r => "tags " + string.Join(" and ", r.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key}={t.Value}"))));
        return string.Join("; ", ways.DefaultIfEmpty("nothing"));
    }

    private static IEnumerable<string> Requires(Policy policy)
    {
        if (policy.Condition?.Who is { } who && (who.Email.Count + who.Domain.Count + who.Group.Count + who.ServiceAccount.Count) > 0)
        {
            yield return "who: " + string.Join(" or ", [.. who.Email, .. who.Domain.Select(d => "@" + d), .. who.Group.Select(g => "group " + g), .. who.ServiceAccount.Select(a => "service account " + a)]);
        }

        if (policy.Condition?.Where is { } where)
        {
            if (where.AllowedIp.Count > 0)
            {
                yield return "from " + string.Join(" or ", where.AllowedIp);
            }

            if (where.Country.Count > 0)
            {
                yield return "country " + string.Join(" or ", where.Country);
            }

            if (where.CountryNot.Count > 0)
            {
                yield return "country not " + string.Join(" or ", where.CountryNot);
            }
        }

        if (policy.Condition?.When is { } when)
        {
            string[] bounds =
            [
                when.After is null ? "" : "from " + Said.At(when.After),
                when.Before is null ? "" : "before " + Said.At(when.Before),
                when.TimeOfDayAfter.Length == 0 ? "" : "from " + when.TimeOfDayAfter,
                when.TimeOfDayBefore.Length == 0 ? "" : "before " + when.TimeOfDayBefore,
                when.TimeZone,
            ];
            if (bounds.Any(b => b.Length > 0))
            {
                yield return "when: " + string.Join(' ', bounds.Where(b => b.Length > 0));
            }
        }

        foreach (var condition in policy.Integrations)
        {
            yield return Requirement(condition);
        }
    }

    private static string Requirement(IntegrationCondition condition)
    {
        var asked = condition.PagerdutyOncall ?? new PagerDutyOnCallCondition();
        List<string> required = [];
        if (asked.RequireBeOncall)
        {
            required.Add("on call" + (asked.MaxEscalationLevel > 0 ? $" up to level {asked.MaxEscalationLevel}" : "") + (asked.ScheduleIds.Count > 0 ? $" by schedule {string.Join(" or ", asked.ScheduleIds)}" : ""));
        }

        if (asked.RequireIncident)
        {
            required.Add("open incident" + asked.IncidentInvolvement switch
            {
                IncidentInvolvement.Assigned => " assigned to the user",
                IncidentInvolvement.Acknowledged => " acknowledged by the user",
                _ => "",
            });
        }

        var what = required.Count > 0 ? string.Join(" and ", required) : "nothing (NO-OP)";
        return $"{what}: {condition.IntegrationName}/{asked.ServiceId}{(condition.Mode == ConditionMode.Shadow ? " (shadow: restricts nothing)" : "")}";
    }
}

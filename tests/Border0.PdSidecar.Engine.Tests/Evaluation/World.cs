using System.Net;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Tests.Evaluation;

/// <summary>A random small world: few people, services and policies, so that they meet often, and instants that fall together.</summary>
internal sealed class World
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 28, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] People = ["a@x.io", "b@x.io", "c@y.io"];
    private static readonly string[] ServiceIds = ["S1", "S2"];
    private static readonly string[] Schedules = ["SCH1", "SCH2"];

    private readonly Random _random;

    public World(int seed)
    {
        _random = new Random(seed);
        Settings =
        [
            new IntegrationSettings(new("o", "one"), "one", TimeSpan.FromSeconds(60), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30)),
            new IntegrationSettings(new("o", "two"), "two", TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(30)),
        ];
        Policies = [.. Enumerable.Range(0, _random.Next(0, 4)).Select(Policy)];
        var catalog = new PolicyCatalog();
        catalog.Replace(Policies, Settings);
        Snapshot = catalog.Current;
        var store = new FactsStore();
        foreach (var settings in Settings)
        {
            store.Apply(settings.Key, Facts());
        }

        Known = store.Current;
        Request = MakeRequest();
        At = Noon.AddMinutes(_random.Next(-5, 6)).AddSeconds(_random.Next(0, 3));
        Purpose = Chance(2) ? EvaluationPurpose.NewConnection : EvaluationPurpose.RunningSession;
        Opened = Purpose == EvaluationPurpose.RunningSession ? At.AddMinutes(-_random.Next(0, 20)) : null;
    }

    public IReadOnlyList<IntegrationSettings> Settings { get; }

    public IReadOnlyList<Policy> Policies { get; }

    public PolicySnapshot Snapshot { get; }

    public FactsSnapshot Known { get; }

    public AccessRequest Request { get; }

    public DateTimeOffset At { get; }

    public EvaluationPurpose Purpose { get; }

    public DateTimeOffset? Opened { get; }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];

    private Policy Policy(int index)
    {
        var policy = new Policy { Name = $"p{index}", OrganizationId = "o", Etag = "1", OrgWide = Chance(2) };
        if (Chance(2))
        {
            policy.SocketIds.Add(Pick("s1", "s2"));
        }

        if (Chance(3))
        {
            policy.TagRules.Add(new TagRule { Tags = { ["env"] = Pick("prod", "dev") } });
            policy.TagRules.Add(new TagRule { Tags = { ["team"] = "pay", ["env"] = "prod" } });
        }

        if (!Chance(6))
        {
            policy.Actions[Pick("ssh", "ssh", "*", "database")] = new ActionList { Values = { Pick("x", "y"), "z" } };
        }

        if (Chance(4))
        {
            policy.Permissions["ssh"] = Chance(2) ? new Struct() : new Struct { Fields = { ["max_session_duration_seconds"] = Value.ForNumber(_random.Next(1, 900)) } };
        }

        if (Chance(4))
        {
            policy.MaxSessionDuration = TimeSpan.FromSeconds(_random.Next(0, 1200)).ToDuration();
        }

        policy.Condition = new Condition { Who = Who(), Where = Where(), When = When() };
        for (var i = _random.Next(0, 3); i > 0; i--)
        {
            policy.Integrations.Add(Condition());
        }

        return policy;
    }

    private WhoCondition? Who() => !Chance(3) ? null : Pick(
        new WhoCondition { Email = { Pick(People).ToUpperInvariant() } },
        new WhoCondition { Domain = { Pick("x.io", "y.io") } },
        new WhoCondition { Group = { "g1" }, Email = { Pick(People) } },
        new WhoCondition { ServiceAccount = { "bot" } });

    private WhereCondition? Where() => !Chance(4) ? null : Pick(
        new WhereCondition { AllowedIp = { "10.0.0.0/24", "2001:db8::/64" } },
        new WhereCondition { Country = { "DE", "FR" } },
        new WhereCondition { CountryNot = { "FR" } });

    private WhenCondition? When() => !Chance(3) ? null : Pick(
        new WhenCondition { After = Noon.AddMinutes(_random.Next(-3, 4)).ToTimestamp() },
        new WhenCondition { Before = Noon.AddMinutes(_random.Next(-3, 9)).ToTimestamp() },
        new WhenCondition { TimeOfDayAfter = "11:58", TimeOfDayBefore = Pick("12:02", "12:06:30", "11:00") },
        new WhenCondition { TimeOfDayAfter = "13:00", TimeOfDayBefore = "13:04", TimeZone = "Europe/Berlin" });

    private IntegrationCondition Condition()
    {
        var condition = new PagerDutyOnCallCondition
        {
            ServiceId = Pick(ServiceIds),
            RequireBeOncall = !Chance(3),
            RequireIncident = Chance(3),
            MaxEscalationLevel = Pick(0, 0, 1, 2),
            IncidentInvolvement = Pick(IncidentInvolvement.Unspecified, IncidentInvolvement.Any, IncidentInvolvement.Assigned, IncidentInvolvement.Acknowledged),
        };
        if (Chance(4))
        {
            condition.ScheduleIds.Add(Pick(Schedules));
        }

        return new IntegrationCondition
        {
            IntegrationName = Pick("one", "One", "two", "gone"),
            PagerdutyOncall = condition,
            Mode = Pick(ConditionMode.Unspecified, ConditionMode.Enforce, ConditionMode.Enforce, ConditionMode.Shadow),
        };
    }

    private FactsUpdate Facts() => new()
    {
        Unauthorized = Chance(5),
        Services = [.. ServiceIds.Where(_ => !Chance(8)).Select(id => new ServiceFacts
        {
            Id = id, Name = id, Exists = !Chance(8), EscalationPolicyId = Chance(8) ? null : Pick("E1", "E2"), AsOf = Old(2000),
        })],
        Incidents = [.. ServiceIds.Where(_ => !Chance(8)).Select(id => new IncidentFacts
        {
            ServiceId = id,
            AsOf = Old(),
            Open = [.. Enumerable.Range(0, _random.Next(0, 3)).Select(i => new OpenIncident
            {
                Id = $"Q{i}", Acknowledged = Chance(2), Assignees = [User()], Acknowledgers = Chance(2) ? [User()] : [],
            })],
        })],
        EscalationPolicies = [.. ((string[])["E1", "E2"]).Where(_ => !Chance(8)).Select(id => new EscalationPolicyFacts
        {
            Id = id,
            Name = id,
            AsOf = Old(),
            KnownUntil = Noon.AddHours(12),
            Shifts = [.. Enumerable.Range(0, _random.Next(0, 6)).Select(_ => Shift())],
        })],
    };

    private DateTimeOffset Old(int most = 1000) => Noon.AddSeconds(-(Chance(4) ? _random.Next(0, most) : _random.Next(0, 50)));

    private PagerDutyUser User() => Pick(People) is var email && Chance(8) ? new PagerDutyUser("U0", "gone", "") : new PagerDutyUser("U" + email, "", email);

    private OnCallShift Shift()
    {
        // Whole minutes around noon: ends and starts fall together often.
        var start = Noon.AddMinutes(_random.Next(-6, 6));
        return new OnCallShift(User(), _random.Next(1, 4), Chance(4) ? null : Pick(Schedules), Chance(8) ? null : start, Chance(8) ? null : start.AddMinutes(_random.Next(1, 6)));
    }

    private AccessRequest MakeRequest()
    {
        var isBot = Chance(6);
        return new AccessRequest
        {
            OrganizationId = "o",
            SocketId = Pick("s1", "s2"),
            SocketType = Pick("ssh", "ssh", "database"),
            UserEmail = isBot ? "" : Pick("a@x.io", "A@X.io", "b@x.io", "c@y.io"),
            ServiceAccount = isBot ? "Bot" : "",
            Groups = Chance(3) ? ["g0", "g1"] : null,
            ClientAddress = Pick(null, IPAddress.Parse("10.0.0.7"), IPAddress.Parse("10.0.1.7"), IPAddress.Parse("2001:db8::9")),
            ClientCountry = Pick("", "DE", "FR", "US"),
            SocketTags = Chance(2) ? new Dictionary<string, string> { ["env"] = Pick("prod", "dev"), ["team"] = "pay" } : null,
        };
    }
}

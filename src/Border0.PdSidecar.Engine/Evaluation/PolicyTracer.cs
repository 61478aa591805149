using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// Evaluates every condition of one policy with its reason, held or not, by the same checks that decide. Slower than a decision:
/// for tests of policies and for the reasons of a decision after it was made.
/// </summary>
internal readonly struct PolicyTracer(
    CompiledPolicy policy, TimeSpan? longestSession, FactsSnapshot facts, AccessRequest request, Moment moment, DateTimeOffset opened)
{
    /// <summary>The trace; what the policy grants is the caller's to fill in.</summary>
    public PolicyTrace Trace()
    {
        var trace = new PolicyTrace { PolicyName = policy.Name, Conditions = { Who(), Where(), When() } };
        if (longestSession is { } longest)
        {
            trace.Conditions.Add(Duration(longest));
        }

        foreach (var condition in policy.Conditions)
        {
            trace.Conditions.Add(Integration(condition));
        }

        trace.Holds = trace.Conditions.All(c => c.Shadow || c.Outcome != ConditionOutcome.Fail);
        trace.ShadowDenials = trace.Conditions.Count(c => c.Shadow && c.Outcome == ConditionOutcome.Fail);
        return trace;
    }

    /// <summary>The reason of the first condition that does not hold, without a word about those that do; null when all hold.</summary>
    public Reason? FirstFailure()
    {
        if (policy.Who is { } who && !who.Matches(request.UserEmail, request.ServiceAccount, request.Groups))
        {
            return Who().Reason;
        }

        if (policy.Where is { } where && where.Judge(request.ClientAddress, request.ClientCountry) != ReasonCode.WhereMatched)
        {
            return Where().Reason;
        }

        if (policy.When is { } window && !PolicyCheck.CheckWhen(window, moment.At).Holds)
        {
            return When().Reason;
        }

        if (longestSession is { } longest && !PolicyCheck.CheckDuration(longest, moment, opened).Holds)
        {
            return Duration(longest).Reason;
        }

        foreach (var condition in policy.Conditions)
        {
            if (!condition.Shadow && FirstFailure(condition) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    /// <summary>The reason of the first part of a condition that does not hold; null when all of it does.</summary>
    private Reason? FirstFailure(CompiledCondition condition)
    {
        if (condition.IsNoOp)
        {
            return null;
        }

        var known = facts.Of(condition.Service.Integration);
        var service = ConditionCheck.CheckService(condition, known, moment, out var found);
        if (!service.Holds)
        {
            return ReasonOf(condition.Path, service, Sentence(condition, service.Code, known));
        }

        if (condition.RequireOnCall && OnCallCheck.Check(condition, known, found!, request, moment) is { Holds: false } onCall)
        {
            return ReasonOf(condition.OnCallPath, onCall, Sentence(condition, onCall.Code, known));
        }

        return condition.RequireIncident && IncidentCheck.Check(condition, known, request, moment) is { Holds: false } incident
            ? ReasonOf(condition.IncidentPath, incident, Sentence(condition, incident.Code, known))
            : null;
    }

    private ConditionTrace Who()
    {
        const string path = "condition.who";
        if (policy.Who is null)
        {
            return Absent(path, ReasonCode.WhoMatched, "The policy is for anybody.");
        }

        var caller = request.UserEmail.Length > 0 ? Wording.Cut(request.UserEmail) : "service account " + Wording.Cut(request.ServiceAccount);
        return policy.Who.Matches(request.UserEmail, request.ServiceAccount, request.Groups)
            ? Made(path, Verdict.Pass(ReasonCode.WhoMatched), $"{caller} is one of those the policy is for.")
            : Made(path, Verdict.Fail(ReasonCode.WhoNotMatched), $"{caller} is none of those the policy is for, by e-mail, domain, group or service account.");
    }

    private ConditionTrace Where()
    {
        const string path = "condition.where";
        if (policy.Where is null)
        {
            return Absent(path, ReasonCode.WhereMatched, "The policy holds wherever the connection comes from.");
        }

        var code = policy.Where.Judge(request.ClientAddress, request.ClientCountry);
        var source = policy.Source.Condition.Where;
        var sentence = code switch
        {
            ReasonCode.WhereMatched => $"The connection comes from {request.ClientAddress?.ToString() ?? request.ClientCountry}, which is allowed.",
            ReasonCode.IpNotAllowed => $"{request.ClientAddress} is in none of the allowed networks ({Wording.List(source.AllowedIp)}).",
            ReasonCode.IpUnknown => $"The client's address is not known, and the policy allows {Wording.List(source.AllowedIp)} only.",
            ReasonCode.CountryNotAllowed => $"Country {request.ClientCountry} is not allowed.",
            _ => "The client's country is not known, and the policy depends on it.",
        };
        return Made(path, code == ReasonCode.WhereMatched ? Verdict.Pass(code) : Verdict.Fail(code), sentence);
    }

    private ConditionTrace When()
    {
        const string path = "condition.when";
        if (policy.When is null)
        {
            return Absent(path, ReasonCode.WhenMatched, "The policy holds at any time.");
        }

        var verdict = PolicyCheck.CheckWhen(policy.When, moment.At);
        var source = policy.Source.Condition.When;
        var zone = source.TimeZone == "" ? "" : $" {source.TimeZone}";
        var sentence = verdict.Code switch
        {
            ReasonCode.WhenMatched => verdict.Until is { } until ? $"The time is right until {Wording.Instant(until, moment.At)}." : "The time is right.",
            ReasonCode.NotYetValid => $"The policy holds from {Wording.Instant(source.After.ToDateTimeOffset(), moment.At)} on.",
            ReasonCode.NoLongerValid => $"The policy held until {Wording.Instant(source.Before.ToDateTimeOffset(), moment.At)}.",
            _ => $"The time of day is outside {Or(source.TimeOfDayAfter, "00:00")} to {Or(source.TimeOfDayBefore, "24:00")}{zone}"
                + (verdict.NextChange is { } next ? $"; the next window starts at {Wording.Instant(next, moment.At)}." : "."),
        };
        return Made(path, verdict, sentence);
    }

    private ConditionTrace Duration(TimeSpan longest)
    {
        var verdict = PolicyCheck.CheckDuration(longest, moment, opened);
        var sentence = verdict.Holds
            ? $"The session may last until {Wording.Instant(opened + longest, moment.At)}."
            : $"The session has lasted the {Wording.Span(longest)} that the policy allows.";
        return Made("max_session_duration", verdict, sentence);
    }

    private ConditionTrace Integration(CompiledCondition condition)
    {
        var known = facts.Of(condition.Service.Integration);
        var whole = ConditionCheck.Check(condition, facts, request, moment);
        var trace = Made(condition.Path, whole, Sentence(condition, whole.Code, known));
        trace.Shadow = condition.Shadow;
        if (condition.IsNoOp)
        {
            trace.Outcome = ConditionOutcome.NoOp;
            return trace;
        }

        if (!ConditionCheck.CheckService(condition, known, moment, out var service).Holds)
        {
            return trace;
        }

        if (condition.RequireOnCall)
        {
            var onCall = OnCallCheck.Check(condition, known, service!, request, moment);
            trace.Parts.Add(Made(condition.OnCallPath, onCall, Sentence(condition, onCall.Code, known)));
        }

        if (condition.RequireIncident)
        {
            var incident = IncidentCheck.Check(condition, known, request, moment);
            trace.Parts.Add(Made(condition.IncidentPath, incident, Sentence(condition, incident.Code, known)));
        }

        foreach (var part in trace.Parts)
        {
            part.Shadow = condition.Shadow;
        }

        return trace;
    }

    private string Sentence(CompiledCondition condition, ReasonCode code, IntegrationFacts known) =>
        ConditionWording.Sentence(condition, code, known, request, moment);

    private ConditionTrace Absent(string path, ReasonCode code, string sentence)
    {
        var trace = Made(path, Verdict.Pass(code), sentence);
        trace.Outcome = ConditionOutcome.Absent;
        return trace;
    }

    private ConditionTrace Made(string path, in Verdict verdict, string sentence) => new()
    {
        Condition = path,
        Outcome = verdict.Holds ? ConditionOutcome.Pass : ConditionOutcome.Fail,
        Reason = ReasonOf(path, verdict, sentence),
        ValidUntil = verdict.Holds && verdict.Until is { } until ? until.ToTimestamp() : null,
        FactsTime = verdict.FactsTime?.ToTimestamp(),
    };

    private Reason ReasonOf(string path, in Verdict verdict, string sentence) => new()
    {
        Code = verdict.Code,
        PolicyName = policy.Name,
        Condition = path,
        Message = sentence,
        FactsAge = verdict.FactsTime is { } asOf ? GrantWording.Age(asOf, moment) : null,
    };

    private static string Or(string text, string otherwise) => text == "" ? otherwise : text;
}

using System.Globalization;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.V1;
using Decision = Border0.PdSidecar.Engine.Evaluation.Decision;

namespace Border0.PdSidecar.Engine.Tests.Sessions;

public class RevocationCausesTests
{
    /// <summary>What was lost, what had the session looked at, the known end and since when it is lost (seconds from now, or none): cause, by whom, when.</summary>
    [Theory]
    [InlineData(ReasonCode.NotOnCall, "Clock", "-5", "", RevocationCause.ShiftEnded, "-5")]
    [InlineData(ReasonCode.NotOnCall, "Clock", "0", "", RevocationCause.ShiftEnded, "0")]
    [InlineData(ReasonCode.NotOnCall, "Facts", "60", "", RevocationCause.NotOnCall, "0")]
    [InlineData(ReasonCode.NotOnCall, "Facts", "", "", RevocationCause.NotOnCall, "0")]
    [InlineData(ReasonCode.OnCallElsewhere, "Clock", "-5", "-7", RevocationCause.ShiftEnded, "-7")]
    [InlineData(ReasonCode.NoIncident, "Facts", "-5", "", RevocationCause.IncidentResolved, "0")]
    [InlineData(ReasonCode.NoIncident, "Facts", "", "-3", RevocationCause.IncidentResolved, "-3")]
    [InlineData(ReasonCode.NotInvolvedInIncident, "Facts", "", "9", RevocationCause.IncidentResolved, "0")]
    [InlineData(ReasonCode.NoLongerValid, "Clock", "-5", "", RevocationCause.TimeBound, "-5")]
    [InlineData(ReasonCode.NotYetValid, "Clock", "-5", "", RevocationCause.TimeBound, "-5")]
    [InlineData(ReasonCode.OutsideTimeOfDay, "Clock", "", "", RevocationCause.TimeBound, "0")]
    [InlineData(ReasonCode.ServiceNotFound, "Facts", "-5", "", RevocationCause.ServiceGone, "0")]
    [InlineData(ReasonCode.NoEscalationPolicy, "Facts", "", "", RevocationCause.ServiceGone, "0")]
    [InlineData(ReasonCode.FactsStale, "Clock", "-5", "", RevocationCause.FactsStale, "0")]
    [InlineData(ReasonCode.FactsUnknown, "Facts", "", "", RevocationCause.FactsStale, "0")]
    [InlineData(ReasonCode.IntegrationUnauthorized, "Facts", "", "", RevocationCause.FactsStale, "0")]
    [InlineData(ReasonCode.SessionDurationExceeded, "Clock", "", "", RevocationCause.MaxSessionDuration, "0")]
    [InlineData(ReasonCode.IntegrationNotFound, "Policies", "", "", RevocationCause.IntegrationChanged, "0")]
    [InlineData(ReasonCode.IntegrationNotFound, "Adoption", "", "", RevocationCause.NotAllowedOnAdoption, "0")]
    [InlineData(ReasonCode.NotOnCall, "Policies", "-5", "", RevocationCause.PolicyChanged, "0")]
    [InlineData(ReasonCode.NotOnCall, "Adoption", "-5", "", RevocationCause.NotAllowedOnAdoption, "0")]
    [InlineData(ReasonCode.NotOnCall, "Restart", "-5", "", RevocationCause.ShiftEnded, "-5")]
    [InlineData(ReasonCode.NoPolicy, "Connector", "", "", RevocationCause.ReevaluationDenied, "0")]
    [InlineData(ReasonCode.NoPolicy, "Facts", "", "", RevocationCause.PolicyChanged, "0")]
    public void EventFor_SaysWhy_ByWhom_AndSinceWhen(ReasonCode code, string trigger, string knownEnd, string since, RevocationCause cause, string happened)
    {
        var session = LooseSession.Of("c1", "k1", World.Start.AddHours(-1));
        var allowed = default(Decision) with { Grants = GrantSet.None, ValidUntil = At(knownEnd) };
        session.Rest(new Standing(allowed), allowed);
        var loss = new DenialCause(code, "p", "who", "for the administrator", "for the user", At(since));

        var told = RevocationCauses.EventFor(session, loss, Enum.Parse<Trigger>(trigger), World.Start);

        Assert.Equal((cause, At(happened)), (told.Cause, told.EventTime.ToDateTimeOffset()));
        Assert.Equal(cause == RevocationCause.FactsStale ? InitiatingEntity.System : InitiatingEntity.Policy, told.InitiatingEntity);
        Assert.Equal(World.Start, told.DecisionTime.ToDateTimeOffset());
        Assert.Equal(
            ("k1", "db-1", World.Alice, "p", "who", "for the administrator", "for the user"),
            (told.SessionKey, told.SocketId, told.UserEmail, told.PolicyName, told.Condition, told.ReasonAdmin, told.ReasonUser));
        Assert.Equal(cause == RevocationCause.MaxSessionDuration, RevocationCauses.IsFinal(cause));
    }

    private static DateTimeOffset? At(string seconds) => seconds.Length == 0 ? null : World.Start.AddSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
}

using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.V1;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>What made a session be looked at again.</summary>
internal enum Trigger
{
    /// <summary>A known instant came.</summary>
    Clock,

    /// <summary>PagerDuty's facts changed.</summary>
    Facts,

    /// <summary>Policies or integrations changed.</summary>
    Policies,

    /// <summary>The connector asked again.</summary>
    Connector,

    /// <summary>The connector listed it among its active sessions.</summary>
    Adoption,

    /// <summary>The sidecar started.</summary>
    Restart,
}

/// <summary>Says why a session is revoked, in the words of the contract.</summary>
internal static class RevocationCauses
{
    /// <summary>The event for a session that lost its access.</summary>
    public static SessionRevoked EventFor(OpenSession session, DenialCause loss, Trigger trigger, DateTimeOffset now)
    {
        var lastEnd = session.Standing?.ValidUntil;
        var cause = CauseOf(loss.Code, trigger, endedAsKnown: lastEnd is { } end && end <= now);
        var happened = loss.Since ?? (cause is RevocationCause.TimeBound or RevocationCause.ShiftEnded ? lastEnd : null) ?? now;
        return new SessionRevoked
        {
            SessionKey = session.SessionKey,
            SocketId = session.Request.SocketId,
            UserEmail = session.Request.UserEmail,
            ServiceAccount = session.Request.ServiceAccount,
            Cause = cause,
            PolicyName = loss.PolicyName,
            Condition = loss.Condition,
            ReasonAdmin = loss.ReasonAdmin,
            ReasonUser = loss.ReasonUser,
            EventTime = (happened < now ? happened : now).ToTimestamp(),
            DecisionTime = now.ToTimestamp(),
            InitiatingEntity = cause is RevocationCause.FactsStale ? InitiatingEntity.System : InitiatingEntity.Policy,
        };
    }

    /// <summary>Whether a key that was ended so may not be used again.</summary>
    public static bool IsFinal(RevocationCause cause) => cause is RevocationCause.Administrator or RevocationCause.MaxSessionDuration;

    private static RevocationCause CauseOf(ReasonCode code, Trigger trigger, bool endedAsKnown)
    {
        if (trigger == Trigger.Adoption)
        {
            return RevocationCause.NotAllowedOnAdoption;
        }

        if (code == ReasonCode.IntegrationNotFound)
        {
            return RevocationCause.IntegrationChanged;
        }

        if (trigger == Trigger.Policies)
        {
            return RevocationCause.PolicyChanged;
        }

        return code switch
        {
            ReasonCode.NotOnCall or ReasonCode.OnCallElsewhere => endedAsKnown ? RevocationCause.ShiftEnded : RevocationCause.NotOnCall,
            ReasonCode.NoIncident or ReasonCode.NotInvolvedInIncident => RevocationCause.IncidentResolved,
            ReasonCode.NotYetValid or ReasonCode.NoLongerValid or ReasonCode.OutsideTimeOfDay => RevocationCause.TimeBound,
            ReasonCode.ServiceNotFound or ReasonCode.NoEscalationPolicy => RevocationCause.ServiceGone,
            ReasonCode.FactsStale or ReasonCode.FactsUnknown or ReasonCode.IntegrationUnauthorized => RevocationCause.FactsStale,
            ReasonCode.SessionDurationExceeded => RevocationCause.MaxSessionDuration,
            _ => trigger == Trigger.Connector ? RevocationCause.ReevaluationDenied : RevocationCause.PolicyChanged,
        };
    }
}

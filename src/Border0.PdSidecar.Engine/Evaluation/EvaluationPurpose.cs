namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>What a decision is for; it sets how old the facts may be.</summary>
public enum EvaluationPurpose
{
    /// <summary>A new connection: facts must be younger than the integration's max_staleness.</summary>
    NewConnection,

    /// <summary>A running session: facts may be up to session_max_staleness old.</summary>
    RunningSession,
}

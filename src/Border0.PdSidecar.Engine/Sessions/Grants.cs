using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Sessions;

/// <summary>Compares what is granted with what was.</summary>
internal static class Grants
{
    /// <summary>Whether something that was granted is not any more.</summary>
    public static bool IsLess(GrantSet now, GrantSet before)
    {
        if (ReferenceEquals(now, before))
        {
            return false;
        }

        foreach (var (type, list) in before.Actions)
        {
            if (!now.Actions.TryGetValue(type, out var kept) || list.Values.Except(kept.Values).Any())
            {
                return true;
            }
        }

        foreach (var (type, list) in before.Permissions)
        {
            if (!now.Permissions.TryGetValue(type, out var kept) || list.Grants.Except(kept.Grants).Any())
            {
                return true;
            }
        }

        return false;
    }
}

using Border0.PdSidecar.Access;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>Who it was, as it stands in a line.</summary>
internal static class ActorRecord
{
    /// <summary>A caller's part of the lines of its decisions, made once for all of them.</summary>
    public static byte[] Of(Caller caller)
    {
        var lines = new LineBuffer(256);
        Write(new Actor(caller.Kind, caller.Name, caller.Id, caller.Uid, caller.Listener, ""), lines);
        return lines.Written.ToArray();
    }

    public static void Write(Actor actor, LineBuffer lines)
    {
        lines.AddText(",\"actor\":{\"caller\":\""u8, actor.Caller);
        lines.AddIfAny(",\"name\":\""u8, actor.Name);
        lines.AddIfAny(",\"id\":\""u8, actor.Id);
        if (actor.Uid is { } uid)
        {
            lines.AddNumber(",\"uid\":"u8, uid);
        }

        lines.AddIfAny(",\"listener\":\""u8, actor.Listener);
        lines.AddIfAny(",\"address\":\""u8, actor.Address);
        lines.Add("}"u8);
    }
}

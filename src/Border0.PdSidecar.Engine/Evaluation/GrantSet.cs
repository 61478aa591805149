using System.Collections.Immutable;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Engine.Evaluation;

/// <summary>
/// What one or several policies grant for a socket type. Immutable and shared between decisions: its messages are put into
/// answers as they are and never written to.
/// </summary>
public sealed class GrantSet
{
    private byte[]? _answered;

    /// <summary>Nothing granted.</summary>
    public static GrantSet None { get; } = new();

    /// <summary>The actions by socket type as the policies name it (or "*"): the union.</summary>
    public IReadOnlyDictionary<string, ActionList> Actions
    {
        get;
        init => (field, ActionEntries) = (value, [.. value]);
    } = ImmutableDictionary<string, ActionList>.Empty;

    /// <summary>The permissions by socket type: one entry for each granting policy, equal ones once.</summary>
    public IReadOnlyDictionary<string, PermissionList> Permissions
    {
        get;
        init => (field, PermissionEntries) = (value, [.. value]);
    } = ImmutableDictionary<string, PermissionList>.Empty;

    /// <summary><see cref="Actions"/>, to be walked without allocating.</summary>
    public ImmutableArray<KeyValuePair<string, ActionList>> ActionEntries { get; private init; } = [];

    /// <summary><see cref="Permissions"/>, to be walked without allocating.</summary>
    public ImmutableArray<KeyValuePair<string, PermissionList>> PermissionEntries { get; private init; } = [];

    /// <summary>The policies that grant, ordered by name.</summary>
    public IReadOnlyList<string> PolicyNames { get; init; } = [];

    /// <summary>Whether something is granted.</summary>
    public bool Any => ActionEntries.Length > 0 || PermissionEntries.Length > 0;

    /// <summary>What is granted as an answer's bytes: allowed_actions and permissions of an <see cref="EvaluateResponse"/>. Made once.</summary>
    public ReadOnlySpan<byte> Answered => _answered ??= Answer();

    private byte[] Answer()
    {
        var response = new EvaluateResponse();
        response.AllowedActions.Add(ActionEntries.ToDictionary());
        response.Permissions.Add(PermissionEntries.ToDictionary());
        return response.ToByteArray();
    }
}

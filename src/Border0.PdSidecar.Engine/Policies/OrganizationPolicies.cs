using System.Collections.Frozen;
using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Evaluation;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>
/// An organization's policies, arranged so that finding those that reach a socket does not grow with those that do not.
/// </summary>
public sealed class OrganizationPolicies
{
    private readonly ImmutableArray<CompiledPolicy> _everywhere;
    private readonly FrozenDictionary<string, ImmutableArray<CompiledPolicy>> _bySocket;
    private readonly FrozenDictionary<(string Key, string Value), ImmutableArray<TagEntry>> _byTag;

    /// <summary>Arranges policies; their order is by name from here on.</summary>
    public OrganizationPolicies(IEnumerable<CompiledPolicy> policies)
    {
        All = [.. policies.OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase)];
        ByName = All.ToFrozenDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        _everywhere = [.. All.Where(p => p.Source.OrgWide)];
        _bySocket = All.Where(p => !p.Source.OrgWide)
            .SelectMany(p => p.Source.SocketIds.Distinct(StringComparer.Ordinal), (policy, socket) => (socket, policy))
            .GroupBy(e => e.socket, e => e.policy, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);
        // Each rule stands under one of its tags only, so that a socket's tag finds it at most once.
        _byTag = All.Where(p => !p.Source.OrgWide)
            .SelectMany(p => p.Source.TagRules.Select((rule, index) => (policy: p, rule, index)))
            .Where(e => e.rule.Tags.Count > 0)
            .GroupBy(e => e.rule.Tags.Select(t => (t.Key, t.Value)).Min(), e => new TagEntry(e.policy, e.index))
            .ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray());
    }

    /// <summary>Every policy, ordered by name.</summary>
    public ImmutableArray<CompiledPolicy> All { get; }

    /// <summary>Every policy by its name, compared without case.</summary>
    public FrozenDictionary<string, CompiledPolicy> ByName { get; }

    /// <summary>The policies that reach a request's socket, each once: organization-wide, attached, then by tag.</summary>
    public Reaching PoliciesFor(in AccessRequest request) => new(this, request);

    private readonly record struct TagEntry(CompiledPolicy Policy, int RuleIndex);

    /// <summary>Walks the policies that reach a socket, without allocating where no tag rules are.</summary>
    public struct Reaching
    {
        private readonly OrganizationPolicies _owner;
        private readonly AccessRequest _request;
        private readonly ImmutableArray<CompiledPolicy> _attached;
        private readonly List<CompiledPolicy>? _tagged;
        private int _next;

        internal Reaching(OrganizationPolicies owner, in AccessRequest request)
        {
            _owner = owner;
            _request = request;
            _attached = owner._bySocket.TryGetValue(request.SocketId, out var attached) ? attached : [];
            _tagged = owner._byTag.Count == 0 || request.SocketTags is not { Count: > 0 } ? null : owner.Tagged(request);
            _next = -1;
            Current = null!;
        }

        /// <summary>The policy that the walk is at.</summary>
        public CompiledPolicy Current { get; private set; }

        /// <summary>For foreach.</summary>
        public readonly Reaching GetEnumerator() => this;

        /// <summary>Goes to the next policy.</summary>
        public bool MoveNext()
        {
            _next++;
            var index = _next;
            if (index < _owner._everywhere.Length)
            {
                Current = _owner._everywhere[index];
                return true;
            }

            index -= _owner._everywhere.Length;
            if (index < _attached.Length)
            {
                Current = _attached[index];
                return true;
            }

            index -= _attached.Length;
            if (_tagged is not null && index < _tagged.Count)
            {
                Current = _tagged[index];
                return true;
            }

            return false;
        }
    }

    private List<CompiledPolicy>? Tagged(in AccessRequest request)
    {
        List<CompiledPolicy>? found = null;
        foreach (var (key, value) in request.SocketTags!)
        {
            if (!_byTag.TryGetValue((key, value), out var entries))
            {
                continue;
            }

            foreach (var entry in entries)
            {
                // Of several matching rules of a policy the first one counts, so that it is found once.
                if (!entry.Policy.IsAttachedTo(request.SocketId)
                    && entry.Policy.FirstMatchingTagRule(request.SocketTags) == entry.RuleIndex)
                {
                    (found ??= []).Add(entry.Policy);
                }
            }
        }

        return found;
    }
}

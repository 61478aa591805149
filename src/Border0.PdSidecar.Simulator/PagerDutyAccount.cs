using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator;

/// <summary>
/// A PagerDuty account in memory: users, schedules, escalation policies, services, incidents, keys and webhook subscriptions, and
/// what an administrator or responder does with them. Thread-safe.
/// </summary>
/// <param name="time">The clock that everything here goes by.</param>
public sealed partial class PagerDutyAccount(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SimulatedUser> _users = [];
    private readonly Dictionary<string, SimulatedSchedule> _schedules = [];
    private readonly Dictionary<string, SimulatedEscalationPolicy> _policies = [];
    private readonly Dictionary<string, SimulatedService> _services = [];
    private readonly Dictionary<string, SimulatedKey> _keys = [];
    private readonly Dictionary<string, SimulatedSubscription> _subscriptions = [];
    private int _nextId;

    /// <summary>The account's clock.</summary>
    public TimeProvider Time => time;

    /// <summary>The account's name in links.</summary>
    public string Subdomain { get; init; } = "acme";

    /// <summary>Something happened that webhooks tell of.</summary>
    internal event Action<WebhookEvent>? Happened;

    /// <summary>Every subscription.</summary>
    public IReadOnlyList<SimulatedSubscription> Subscriptions => Read(() => _subscriptions.Values.ToList());

    /// <summary>Every user.</summary>
    public IReadOnlyList<SimulatedUser> Users => Read(() => _users.Values.ToList());

    /// <summary>Every schedule.</summary>
    public IReadOnlyList<SimulatedSchedule> Schedules => Read(() => _schedules.Values.ToList());

    /// <summary>Every escalation policy.</summary>
    public IReadOnlyList<SimulatedEscalationPolicy> EscalationPolicies => Read(() => _policies.Values.ToList());

    /// <summary>Every service.</summary>
    public IReadOnlyList<SimulatedService> Services => Read(() => _services.Values.ToList());

    /// <summary>Adds a user.</summary>
    public SimulatedUser AddUser(string name, string email, string role = "user") =>
        Put(_users, new SimulatedUser { Id = NewId(), Name = name, Email = email, Role = role }, u => u.Id);

    /// <summary>Deletes a user: from now on others refer to it by a bare reference.</summary>
    public void DeleteUser(SimulatedUser user) => Write(() => user.Deleted = true);

    /// <summary>Adds a schedule that puts nobody on call yet.</summary>
    public SimulatedSchedule AddSchedule(string name) =>
        Put(_schedules, new SimulatedSchedule { Id = NewId(), Name = name }, s => s.Id);

    /// <summary>Puts a user on call in a schedule.</summary>
    public void PutOnCall(SimulatedSchedule schedule, SimulatedUser user, DateTimeOffset start, DateTimeOffset end) => Write(() =>
    {
        schedule.Shifts.Add(new SimulatedShift(user, start, end));
        schedule.Changed();
    });

    /// <summary>Takes everybody off a schedule.</summary>
    public void ClearSchedule(SimulatedSchedule schedule) => Write(() =>
    {
        schedule.Shifts.Clear();
        schedule.Overrides.Clear();
        schedule.Changed();
    });

    /// <summary>Adds an override: for its time the user is on call instead of whoever would be.</summary>
    public void AddOverride(SimulatedSchedule schedule, SimulatedUser user, DateTimeOffset start, DateTimeOffset end) => Write(() =>
    {
        schedule.Overrides.Add(new SimulatedShift(user, start, end));
        schedule.Changed();
    });

    /// <summary>Adds an escalation policy; each argument is the target of the next level, a user or a schedule.</summary>
    public SimulatedEscalationPolicy AddEscalationPolicy(string name, params ReadOnlySpan<object> levels)
    {
        var policy = new SimulatedEscalationPolicy { Id = NewId(), Name = name };
        foreach (var level in levels)
        {
            policy.Levels.Add([Target(level)]);
        }

        return Put(_policies, policy, p => p.Id);
    }

    /// <summary>Adds a target to a level that exists.</summary>
    public void AddTarget(SimulatedEscalationPolicy policy, int level, object target) =>
        Write(() => policy.Levels[level - 1].Add(Target(target)));

    /// <summary>Adds a service.</summary>
    public SimulatedService AddService(string name, SimulatedEscalationPolicy policy)
    {
        var service = Put(
            _services, new SimulatedService { Id = NewId(), Name = name, EscalationPolicy = policy, CreatedAt = time.GetUtcNow() }, s => s.Id);
        Tell("service.created", service);
        return service;
    }

    /// <summary>Makes a service use another escalation policy.</summary>
    public void UseEscalationPolicy(SimulatedService service, SimulatedEscalationPolicy policy)
    {
        Write(() => service.EscalationPolicy = policy);
        Tell("service.updated", service);
    }

    /// <summary>Deletes a service, its incidents with it.</summary>
    public void DeleteService(SimulatedService service)
    {
        Write(() =>
        {
            _services.Remove(service.Id);
            foreach (var incident in _incidents.Values.Where(i => i.Service == service).ToList())
            {
                _incidents.Remove(incident.Id);
            }
        });
        Tell("service.deleted", service);
    }

    /// <summary>Adds an API key: by default a read-only one of the account.</summary>
    public SimulatedKey AddKey(string? token = null, bool readOnly = true, SimulatedUser? user = null, int limitPerMinute = 960) => Put(
        _keys, new SimulatedKey { Token = token ?? $"y_{NewId()}+{NewId()}xyz", ReadOnly = readOnly, User = user, LimitPerMinute = limitPerMinute }, k => k.Token);

    /// <summary>Subscribes a URL to events of the account, or of one service.</summary>
    public SimulatedSubscription Subscribe(Uri url, string secret, SimulatedService? service = null)
    {
        var subscription = new SimulatedSubscription { Id = NewId(), Url = url, ServiceId = service?.Id };
        subscription.Secrets.Add(secret);
        return Put(_subscriptions, subscription, s => s.Id);
    }

    /// <summary>Finds a service by id or name.</summary>
    public SimulatedService? FindService(string idOrName) => Read(() => _services.GetValueOrDefault(idOrName)
        ?? _services.Values.FirstOrDefault(s => s.Name.Equals(idOrName, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Finds a user by id or e-mail.</summary>
    public SimulatedUser? FindUser(string idOrEmail) => Read(() => _users.GetValueOrDefault(idOrEmail)
        ?? _users.Values.FirstOrDefault(u => !u.Deleted && u.Email.Equals(idOrEmail, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Finds a schedule by id or name.</summary>
    public SimulatedSchedule? FindSchedule(string idOrName) => Read(() => _schedules.GetValueOrDefault(idOrName)
        ?? _schedules.Values.FirstOrDefault(s => s.Name.Equals(idOrName, StringComparison.OrdinalIgnoreCase)));

    internal SimulatedKey? FindKey(string token) => Read(() => _keys.GetValueOrDefault(token));

    internal SimulatedSubscription? FindSubscription(string id) => Read(() => _subscriptions.GetValueOrDefault(id));

    internal T Read<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    internal void Write(Action write)
    {
        lock (_lock)
        {
            write();
        }
    }

    /// <summary>Sends a ping down a subscription, as the button in PagerDuty does.</summary>
    public void Ping(SimulatedSubscription subscription) =>
        Happened?.Invoke(new WebhookEvent("pagey.ping", time.GetUtcNow(), null, null, null, subscription.Id));

    private static SimulatedTarget Target(object target) => target switch
    {
        SimulatedUser user => new SimulatedTarget(user, null),
        SimulatedSchedule schedule => new SimulatedTarget(null, schedule),
        _ => throw new ArgumentException("a target is a user or a schedule", nameof(target)),
    };

    private T Put<T>(Dictionary<string, T> into, T item, Func<T, string> id)
    {
        Write(() => into.Add(id(item), item));
        return item;
    }

    private void Tell(string type, SimulatedService service) =>
        Happened?.Invoke(new WebhookEvent(type, time.GetUtcNow(), null, service, null, null));

    /// <summary>"P" and six characters, as nearly all of PagerDuty's ids are.</summary>
    private string NewId()
    {
        const string alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        var number = (long)Interlocked.Increment(ref _nextId) * 1_000_003 % 2_176_782_336;
        Span<char> id = stackalloc char[7];
        id[0] = 'P';
        for (var i = 1; i < id.Length; i++)
        {
            id[i] = alphabet[(int)(number % 36)];
            number /= 36;
        }

        return new string(id);
    }
}

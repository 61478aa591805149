using System.Net;
using System.Text;
using Border0.PdSidecar.Engine.Tests.Sessions;

namespace Border0.PdSidecar.Proofs.Tests.Schedules;

/// <summary>
/// PagerDuty's REST API over a world, without a network. Questions for incidents are answered only while its gate is open, so that a
/// schedule says between which other things a poll's answer comes. What it answers was true at some moment while it was asked.
/// </summary>
internal sealed class GatedPagerDuty(World world, Func<DateTimeOffset> shiftEnd) : HttpMessageHandler
{
    private TaskCompletionSource _gate = New();
    private TaskCompletionSource _asked = New();
    private volatile bool _missesARow;
    private int _waiting;

    /// <summary>Answers what was true when it was asked, not when it answers.</summary>
    public bool AnswersAsAsked { get; set; }

    /// <summary>The next answer about several services lacks a row, as when rows shift between pages.</summary>
    public bool MissesARow
    {
        get => _missesARow;
        set => _missesARow = value;
    }

    /// <summary>Done once a question for incidents waits.</summary>
    public Task Asked => Volatile.Read(ref _waiting) > 0 ? Task.CompletedTask : _asked.Task;

    /// <summary>Answers what waits and what comes.</summary>
    public void Open() => _gate.TrySetResult();

    /// <summary>Lets questions for incidents wait from now on.</summary>
    public void Close()
    {
        if (_gate.Task.IsCompleted)
        {
            _gate = New();
        }

        _asked = New();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var body = path switch
        {
            "/incidents" => await IncidentsAsync(Ids(request, "service_ids[]"), cancellationToken),
            "/oncalls" => OnCalls(Ids(request, "escalation_policy_ids[]")),
            _ => Service(path["/services/".Length..]),
        };
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
    }

    private static HashSet<string> Ids(HttpRequestMessage request, string key) =>
        [.. request.RequestUri!.Query.TrimStart('?').Split('&').Select(p => p.Split('=', 2))
            .Where(p => Uri.UnescapeDataString(p[0]) == key).Select(p => Uri.UnescapeDataString(p[1]))];

    private static string Service(string id) =>
        $$$"""{"service":{"id":"{{{id}}}","name":"{{{id}}}","status":"active","escalation_policy":{"id":"EP-{{{id}}}","type":"escalation_policy_reference","summary":"{{{id}}}"} } }""";

    private async Task<string> IncidentsAsync(HashSet<string> services, CancellationToken cancellation)
    {
        var gate = Volatile.Read(ref _gate).Task;
        var asAsked = AnswersAsAsked && !gate.IsCompleted ? Incidents(services) : null;
        Interlocked.Increment(ref _waiting);
        _asked.TrySetResult();
        try
        {
            await gate.WaitAsync(cancellation);
            return asAsked ?? Incidents(services);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private string Incidents(HashSet<string> services)
    {
        lock (world.Incidents)
        {
            var rows = world.Incidents.Where(i => services.Contains(i.Key))
                .SelectMany(i => i.Value.Select(id => $$$"""{"id":"{{{id}}}","status":"triggered","service":{"id":"{{{i.Key}}}"},"assignments":[],"acknowledgements":[]}"""))
                .ToList();
            if (_missesARow && services.Count > 1 && rows.Count > 0)
            {
                _missesARow = false;
                rows.RemoveAt(0);
            }

            return $$"""{"incidents":[{{string.Join(',', rows)}}],"more":false}""";
        }
    }

    private string OnCalls(HashSet<string> policies)
    {
        var row = policies.Contains("EP-S1")
            ? $$$"""{"user":{"id":"U","type":"user","name":"Alice","email":"{{{World.Alice}}}"},"schedule":{"id":"SCHED"},"escalation_policy":{"id":"EP-S1"},"escalation_level":1,"start":null,"end":"{{{shiftEnd().UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}}}"}"""
            : "";
        return $$"""{"oncalls":[{{row}}],"more":false}""";
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Testing.Etcd;
using Border0.PdSidecar.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Border0.PdSidecar.Fleet.Tests.Sidecars;

/// <summary>
/// A sidecar without its gRPC edge: feeds, facts, sessions and membership in a fleet, on a machine of its own whose clock, and whose lines to
/// etcd and to PagerDuty, can be tampered with.
/// </summary>
public sealed class FleetSidecar : IAsyncDisposable, IRevocationObserver
{
    private readonly FleetAccount _account;
    private readonly List<Line> _etcdLines;
    private readonly Gate _gate;
    private readonly EtcdClient _etcd;
    private readonly PagerDutyClients _clients;
    private bool _ended;

    private FleetSidecar(string name, EtcdCluster cluster, string prefix, FleetAccount account, FleetOptions options, PagerDutyFeedOptions feeds, ILoggerFactory loggers)
    {
        (Name, _account) = (name, account);
        _etcdLines = [.. cluster.Machines.Select(m => new Line(m.Endpoint))];
        _gate = new Gate();
        _etcd = new EtcdClient(
            new EtcdOptions { Endpoints = [.. _etcdLines.Select(l => l.From)], Prefix = prefix, AttemptTimeout = TimeSpan.FromSeconds(2), CallTimeout = TimeSpan.FromSeconds(8) }, Clock);
        _clients = new PagerDutyClients(
            new PagerDutyClientOptions { Addresses = new PagerDutyAddresses { Allowed = account.Server.BaseAddress } }, Clock, loggers, _gate);
        Feeds = new PagerDutyFeeds(Facts, _clients, feeds with { InFleet = true }, Clock, loggers);
        Webhooks = new WebhookReceiver(Feeds);
        Fleet = new FleetMember(_etcd, Feeds, Webhooks, options with { Name = name }, Clock, loggers);
        Sessions = new SessionRegistry(Catalog, Facts, new MemorySessionJournal(), new SessionOptions(), Clock, NullLogger<SessionRegistry>.Instance, this);
    }

    public string Name { get; }

    public MachineClock Clock { get; } = new();

    public FactsStore Facts { get; } = new();

    public PolicyCatalog Catalog { get; } = new();

    public PagerDutyFeeds Feeds { get; }

    public WebhookReceiver Webhooks { get; }

    public FleetMember Fleet { get; }

    public SessionRegistry Sessions { get; }

    /// <summary>The keys of revoked sessions, and when each was, by the test's clock.</summary>
    public ConcurrentDictionary<string, (long At, SessionRevoked Event)> Revoked { get; } = new();

    /// <summary>How many requests it sent to PagerDuty.</summary>
    public int Requests => _gate.Requests;

    public bool Polls => Fleet.Polled.Contains(FleetAccount.Integration);

    public IntegrationFacts Known => Facts.Current.Of(FleetAccount.Integration);

    public static async Task<FleetSidecar> StartAsync(
        string name,
        EtcdCluster cluster,
        string prefix,
        FleetAccount account,
        FleetOptions? options = null,
        PagerDutyFeedOptions? feeds = null,
        ILoggerFactory? loggers = null,
        TimeSpan ahead = default)
    {
        var sidecar = new FleetSidecar(name, cluster, prefix, account, options ?? new FleetOptions(), feeds ?? new PagerDutyFeedOptions(), loggers ?? NullLoggerFactory.Instance);
        sidecar.Clock.Ahead = ahead;
        await sidecar.Sessions.StartAsync(_ => throw new InvalidOperationException("no session was kept"), CancellationToken.None);
        sidecar.Catalog.Replace([.. account.Policies], [account.Settings]);
        sidecar.Feeds.Apply([account.Connection()]);
        await sidecar.Fleet.StartAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
        return sidecar;
    }

    /// <summary>Decides on a connection to the socket of a service.</summary>
    public SessionEvaluation Evaluate(string serviceId, string key = "") => Sessions.Evaluate(
        new AccessRequest
        {
            OrganizationId = FleetAccount.Organization,
            SocketId = serviceId,
            SocketType = "ssh",
            UserEmail = "user0@example.com",
            ServiceAccount = "",
            ClientCountry = "",
        },
        Name,
        key);

    /// <summary>PagerDuty delivers a webhook here.</summary>
    public WebhookOutcome Deliver(string id, string incident, string service, bool resolved, DateTimeOffset occurredAt)
    {
        var body = Encoding.UTF8.GetBytes(
            $$$"""
            {"event":{"id":"{{{id}}}","event_type":"{{{(resolved ? "incident.resolved" : "incident.triggered")}}}","resource_type":"incident","occurred_at":"{{{occurredAt.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}}}",
            "data":{"id":"{{{incident}}}","type":"incident","status":"{{{(resolved ? "resolved" : "triggered")}}}","service":{"id":"{{{service}}}","type":"service_reference"},"assignees":[]} } }
            """);
        var signature = "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(FleetAccount.Secret), body));
        return Webhooks.Receive(FleetAccount.Integration, signature, id, body);
    }

    /// <summary>As SIGSTOP: no timer fires, nothing arrives, nothing is sent; time goes on.</summary>
    public void Freeze()
    {
        Clock.Stop();
        _gate.Close();
        _etcdLines.ForEach(l => l.Hold());
    }

    /// <summary>As SIGCONT.</summary>
    public void Thaw()
    {
        _etcdLines.ForEach(l => l.Mend());
        _gate.Open();
        Clock.GoOn();
    }

    /// <summary>Nothing comes through to etcd and back.</summary>
    public void CutOff() => _etcdLines.ForEach(l => l.Cut());

    /// <summary>It does again.</summary>
    public void Mend() => _etcdLines.ForEach(l => l.Mend());

    /// <summary>As SIGKILL: nobody is told, its connections break.</summary>
    public async Task KillAsync()
    {
        _gate.Close();
        _etcdLines.ForEach(l => l.Cut());
        await EndAsync();
    }

    void IRevocationObserver.Revoked(in AccessRequest request, string connectorId, SessionRevoked revoked, long revision) =>
        Revoked[revoked.SessionKey] = (TimeProvider.System.GetTimestamp(), revoked);

    public ValueTask DisposeAsync() => EndAsync();

    private async ValueTask EndAsync()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        Clock.GoOn();
        await Fleet.DisposeAsync();
        _gate.Open();
        await Feeds.DisposeAsync();
        Sessions.Dispose();
        Webhooks.Dispose();
        _clients.Dispose();
        _etcd.Dispose();
        _etcdLines.ForEach(l => l.Dispose());
    }

    /// <summary>The way to PagerDuty.</summary>
    private sealed class Gate() : DelegatingHandler(new SocketsHttpHandler())
    {
        private volatile TaskCompletionSource? _closed;
        private int _requests;

        public int Requests => Volatile.Read(ref _requests);

        public void Close() => _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open()
        {
            var closed = _closed;
            _closed = null;
            closed?.TrySetResult();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await PassableAsync(cancellationToken);
            Interlocked.Increment(ref _requests);
            var answer = await base.SendAsync(request, cancellationToken);
            await PassableAsync(cancellationToken);
            return answer;
        }

        private Task PassableAsync(CancellationToken cancellation) => _closed?.Task.WaitAsync(cancellation) ?? Task.CompletedTask;
    }
}

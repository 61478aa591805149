using System.Net;
using Border0.PdSidecar.Simulator.Control;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.Simulator.Rest;
using Border0.PdSidecar.Simulator.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Border0.PdSidecar.Simulator;

/// <summary>Serves an account over HTTP on loopback: PagerDuty's REST paths, a control surface under /sim, and webhooks outward.</summary>
public sealed class SimulatorServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly WebhookDelivery _webhooks;

    private SimulatorServer(WebApplication app, PagerDutyAccount account, FaultPlan faults, RequestLog requests, WebhookDelivery webhooks)
    {
        (_app, Account, Faults, Requests, _webhooks) = (app, account, faults, requests, webhooks);
        BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    /// <summary>The account that is served.</summary>
    public PagerDutyAccount Account { get; }

    /// <summary>What goes wrong with requests.</summary>
    public FaultPlan Faults { get; }

    /// <summary>Every request that the API received.</summary>
    public RequestLog Requests { get; }

    /// <summary>Where it listens.</summary>
    public Uri BaseAddress { get; }

    /// <summary>What webhook deliveries were answered with.</summary>
    public IReadOnlyCollection<(string EventType, int Status)> WebhookAnswers => _webhooks.Answers;

    /// <summary>Sends every webhook this many times: PagerDuty promises at least once.</summary>
    public int WebhookCopies
    {
        get => _webhooks.Copies;
        set => _webhooks.Copies = value;
    }

    /// <summary>Starts serving.</summary>
    /// <param name="account">The account.</param>
    /// <param name="endpoint">Where to listen; a loopback address, port 0 for a free one.</param>
    /// <param name="seed">Seeds the faults.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<SimulatorServer> StartAsync(
        PagerDutyAccount account, IPEndPoint? endpoint = null, int seed = 1, CancellationToken cancellation = default)
    {
        endpoint ??= new IPEndPoint(IPAddress.Loopback, 0);
        if (!IPAddress.IsLoopback(endpoint.Address))
        {
            throw new ArgumentException("the simulator listens on loopback only", nameof(endpoint));
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(endpoint));
        var app = builder.Build();
        var (faults, requests, webhooks) = (new FaultPlan(seed), new RequestLog(), new WebhookDelivery(account));
        var rest = new RestEndpoint(account, faults, requests);
        var control = new ControlEndpoint(account, faults);
        app.Run(context => context.Request.Path.StartsWithSegments("/sim", StringComparison.Ordinal) || context.Request.Path == "/"
            ? control.HandleAsync(context)
            : rest.HandleAsync(context));
        await app.StartAsync(cancellation);
        return new SimulatorServer(app, account, faults, requests, webhooks);
    }

    /// <summary>Waits until no webhook is under way any more.</summary>
    public Task DrainWebhooksAsync() => _webhooks.DrainAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _webhooks.Dispose();
        await _app.DisposeAsync();
    }
}

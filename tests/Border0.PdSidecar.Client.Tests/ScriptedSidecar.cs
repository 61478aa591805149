using System.Net;
using System.Threading.Channels;
using Border0.PdSidecar.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Channel = System.Threading.Channels.Channel;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>A real gRPC server on a real socket whose answers the test gives.</summary>
internal sealed class ScriptedSidecar : EvaluationService.EvaluationServiceBase, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Channel<Subscription> _subscriptions = Channel.CreateUnbounded<Subscription>();
    private readonly Channel<EndSessionRequest> _ends = Channel.CreateUnbounded<EndSessionRequest>();
    private readonly Channel<EvaluateRequest> _questions = Channel.CreateUnbounded<EvaluateRequest>();
    private WebApplication? _app;

    /// <summary>How questions are answered; an allow without an end unless the test says otherwise.</summary>
    public Func<EvaluateRequest, ServerCallContext, Task<EvaluateResponse>> Answer { get; set; } =
        (request, _) => Task.FromResult(Allow(request));

    /// <summary>How reports of an end are answered.</summary>
    public Func<EndSessionRequest, EndSessionResponse> AnswerEnd { get; set; } = _ => new EndSessionResponse { WasOpen = true };

    public string Address { get; private set; } = "";

    public static async Task<ScriptedSidecar> StartAsync(string? unixSocket = null)
    {
        var sidecar = new ScriptedSidecar();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(sidecar);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (unixSocket is null)
            {
                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            }
            else
            {
                kestrel.ListenUnixSocket(unixSocket, listen => listen.Protocols = HttpProtocols.Http2);
            }
        });
        sidecar._app = builder.Build();
        sidecar._app.MapGrpcService<ScriptedSidecar>();
        await sidecar._app.StartAsync();
        sidecar.Address = unixSocket ?? sidecar._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return sidecar;
    }

    public static EvaluateResponse Allow(EvaluateRequest request, long revision = 0) =>
        new() { Decision = Decision.Allow, SessionKey = request.SessionKey, Revision = revision };

    public async Task<Subscription> NextSubscriptionAsync() => await _subscriptions.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public bool TryNextSubscription(out Subscription? subscription) => _subscriptions.Reader.TryRead(out subscription);

    public async Task<EvaluateRequest> NextQuestionAsync() => await _questions.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public async Task<EndSessionRequest> NextEndAsync() => await _ends.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public int EndsWaiting => _ends.Reader.Count;

    public int QuestionsWaiting => _questions.Reader.Count;

    public override Task<EvaluateResponse> Evaluate(EvaluateRequest request, ServerCallContext context)
    {
        _questions.Writer.TryWrite(request);
        return Answer(request, context);
    }

    public override async Task WatchSessions(
        WatchSessionsRequest request, IServerStreamWriter<WatchSessionsResponse> responseStream, ServerCallContext context)
    {
        var subscription = new Subscription(request);
        _subscriptions.Writer.TryWrite(subscription);
        await subscription.ServeAsync(responseStream, context.CancellationToken);
    }

    public override Task<EndSessionResponse> EndSession(EndSessionRequest request, ServerCallContext context)
    {
        var response = AnswerEnd(request);
        _ends.Writer.TryWrite(request);
        return Task.FromResult(response);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}

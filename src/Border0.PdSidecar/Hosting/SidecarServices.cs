using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Http;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Grpc.HealthCheck;

namespace Border0.PdSidecar.Hosting;

/// <summary>What each room puts into the host.</summary>
internal static class SidecarServices
{
    /// <summary>The databases and keys in the data directory.</summary>
    public static IServiceCollection AddSidecarStorage(this IServiceCollection services, DataDirectory directory, SidecarOptions options) => services
        .AddSingleton(directory)
        .AddSingleton(_ => KeyRing.Open(options.EncryptionKeyFile.Length > 0 ? options.EncryptionKeyFile : directory.File("encryption.key")))
        .AddSingleton<IConfigurationStore>(s => SqliteConfigurationStore.Open(directory.File("pdsidecar.db"), s.GetRequiredService<KeyRing>()))
        .AddSingleton(s => SqliteSessionJournal.Open(directory.File("sessions.db"), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqliteSessionJournal>>()))
        .AddSingleton<ISessionJournal>(s => s.GetRequiredService<SqliteSessionJournal>())
        .AddSingleton(_ => SqliteBlobs.Open(directory.File("facts.db")))
        .AddSingleton<IFactsArchive, FactsBlobs>();

    /// <summary>Policies, facts and sessions.</summary>
    public static IServiceCollection AddSidecarEngine(this IServiceCollection services, SidecarOptions options) => services
        .AddSingleton<PolicyCatalog>()
        .AddSingleton<FactsStore>()
        .AddSingleton(new Engine.Sessions.SessionOptions { ExpiringWarning = options.ExpiringWarning, SessionLease = options.SessionLease, RequireWatcher = options.RequireWatcher })
        .AddSingleton<SessionRegistry>();

    /// <summary>What is on record. Disposed of after whatever records, and written to its end then.</summary>
    public static IServiceCollection AddDecisionLog(this IServiceCollection services, DataDirectory directory, SidecarOptions options) => services
        .AddSingleton(s => new DecisionRecorder(
            DecisionSinks.Of(options, directory),
            options.DecisionLogFilter,
            options.DecisionLogWhenFull,
            options.DefaultOrganization,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<DecisionRecorder>>()))
        .AddSingleton<IRevocationObserver>(s => s.GetRequiredService<DecisionRecorder>())
        .AddSingleton<IConfigurationObserver>(s => s.GetRequiredService<DecisionRecorder>());

    /// <summary>What asks PagerDuty and what listens to it.</summary>
    public static IServiceCollection AddPagerDuty(this IServiceCollection services, SidecarOptions options) => services
        .AddSingleton(new PagerDutyFeedOptions
        {
            IncidentsInterval = options.IncidentsInterval,
            OnCallInterval = options.OnCallInterval,
            ServicesInterval = options.ServicesInterval,
            OnCallHorizon = options.OnCallHorizon,
        })
        .AddSingleton(s => new PagerDutyClients(
            new PagerDutyClientOptions { RateShare = options.RateShare }, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILoggerFactory>()))
        .AddSingleton(s => new PagerDutyFeeds(
            s.GetRequiredService<FactsStore>(),
            s.GetRequiredService<PagerDutyClients>(),
            s.GetRequiredService<PagerDutyFeedOptions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>(),
            s.GetRequiredService<IFactsArchive>()))
        .AddSingleton<PagerDutyProbe>()
        .AddSingleton<WebhookReceiver>();

    /// <summary>The gRPC services, health and reflection.</summary>
    public static IServiceCollection AddSidecarRpc(this IServiceCollection services)
    {
        services.AddGrpc(grpc =>
        {
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.MaxReceiveMessageSize = 4 * 1024 * 1024;
        }).AddServiceOptions<EvaluationRpc>(grpc =>
        {
            // A connector may list 100,000 sessions when it subscribes, each with its user, groups and tags.
            grpc.MaxReceiveMessageSize = 64 * 1024 * 1024;
        });
        services.AddGrpcReflection();
        return services
            .AddSingleton<ErrorInterceptor>()
            .AddSingleton<ConfigurationState>()
            .AddSingleton<Decider>()
            .AddSingleton<IntegrationRpc>()
            .AddSingleton<PolicyRpc>()
            .AddSingleton<EvaluationRpc>()
            .AddSingleton<HealthServiceImpl>()
            .AddSingleton<WebhookEndpoint>()
            .AddSingleton<MetricsPage>();
    }

    /// <summary>Every path that is served.</summary>
    public static void MapSidecar(this WebApplication app)
    {
        app.MapGrpcService<IntegrationRpc>();
        app.MapGrpcService<PolicyRpc>();
        app.MapGrpcService<EvaluationRpc>();
        app.MapGrpcService<HealthServiceImpl>();
        app.MapGrpcReflectionService();
        app.MapPost("/webhooks/pagerduty/v3/{integration}", (HttpContext context) => app.Services.GetRequiredService<WebhookEndpoint>().HandleAsync(context));
        app.MapGet("/metrics", (HttpContext context) => WriteAsync(context, app.Services.GetRequiredService<MetricsPage>().Write()));
        app.MapGet("/healthz", (HttpContext context) => WriteAsync(context, "ok\n"));
        app.MapGet("/readyz", (HttpContext context) =>
        {
            var isReady = app.Services.GetRequiredService<Readiness>().IsReady;
            context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return WriteAsync(context, isReady ? "ready\n" : "not ready\n");
        });
    }

    private static Task WriteAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}

using System.Runtime.CompilerServices;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Access.Tls;
using Border0.PdSidecar.Access.Tokens;
using Border0.PdSidecar.ActivityFeed;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Fleet;
using Border0.PdSidecar.Hosting.Memory;
using Border0.PdSidecar.Http;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Probe;
using Border0.PdSidecar.PagerDuty.Rest;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Etcd.Configuration;
using Border0.PdSidecar.Storage.Etcd.Connection;
using Border0.PdSidecar.Storage.Secrets;
using Border0.PdSidecar.Storage.Sqlite;
using Border0.PdSidecar.Storage.Tokens;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.Telemetry.Otlp;
using Border0.PdSidecar.Telemetry.Tracing;
using Grpc.HealthCheck;

namespace Border0.PdSidecar.Hosting;

/// <summary>What each room puts into the host.</summary>
internal static class SidecarServices
{
    /// <summary>The databases and keys in the data directory.</summary>
    public static IServiceCollection AddSidecarStorage(this IServiceCollection services, DataDirectory directory, SidecarOptions options) => services
        .AddSingleton(directory)
        .AddSingleton(_ => KeyRing.Open(options.EncryptionKeyFile.Length > 0 ? options.EncryptionKeyFile : directory.File("encryption.key")))
        .AddConfigurationStore(directory, options)
        .AddHostedService<StorageWatch>()
        .AddSingleton(s => SqliteSessionJournal.Open(directory.File("sessions.db"), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqliteSessionJournal>>()))
        .AddSingleton<ISessionJournal>(s => s.GetRequiredService<SqliteSessionJournal>())
        .AddSingleton(_ => SqliteBlobs.Open(directory.File("facts.db")))
        .AddSingleton<IFactsArchive, FactsBlobs>();

    private static IServiceCollection AddConfigurationStore(this IServiceCollection services, DataDirectory directory, SidecarOptions options) =>
        options.Storage == StorageKind.Sqlite
            ? services.AddSingleton<IConfigurationStore>(s => SqliteConfigurationStore.Open(directory.File("pdsidecar.db"), s.GetRequiredService<KeyRing>()))
            : services
                .AddSingleton(s => new EtcdClient(options.Etcd, s.GetRequiredService<TimeProvider>()))
                .AddSingleton<EtcdConfigurationStore>()
                .AddSingleton<IConfigurationStore>(s => s.GetRequiredService<EtcdConfigurationStore>())
                .AddHostedService<ConfigurationFollower>();

    /// <summary>Policies, facts and sessions.</summary>
    public static IServiceCollection AddSidecarEngine(this IServiceCollection services, SidecarOptions options) => services
        .AddSingleton<PolicyCatalog>()
        .AddSingleton<FactsStore>()
        .AddSingleton(new Engine.Sessions.SessionOptions
        {
            ExpiringWarning = options.ExpiringWarning,
            SessionLease = options.SessionLease,
            RequireWatcher = options.RequireWatcher,
            MaxSessionsPerConnector = options.Limits.MaxSessionsPerConnector,
            MaxSessions = options.Limits.MaxSessions,
            MaxConnectors = options.Limits.MaxConnectors,
        })
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
        .AddSingleton<ActivityTap>()
        .AddSingleton<RecordedActivity>()
        .AddSingleton<IRevocationObserver>(s => s.GetRequiredService<RecordedActivity>())
        .AddSingleton<IConfigurationObserver>(s => s.GetRequiredService<RecordedActivity>());

    /// <summary>Memory that goes back when it is quiet: of the native binary, which is a process of its own.</summary>
    public static IServiceCollection AddMemoryReturn(this IServiceCollection services) => RuntimeFeature.IsDynamicCodeSupported
        ? services
        : services.AddHostedService(s => new MemoryReturn(s.GetRequiredService<TimeProvider>(), static () => GC.GetTotalAllocatedBytes(), MemoryReturn.GiveBack));

    /// <summary>What asks PagerDuty and what listens to it.</summary>
    public static IServiceCollection AddPagerDuty(this IServiceCollection services, SidecarOptions options) => services
        .AddSingleton(new PagerDutyFeedOptions
        {
            IncidentsInterval = options.IncidentsInterval,
            OnCallInterval = options.OnCallInterval,
            ServicesInterval = options.ServicesInterval,
            OnCallHorizon = options.OnCallHorizon,
            InFleet = options.Storage == StorageKind.Etcd,
        })
        .AddSingleton(s => new PagerDutyClients(
            new PagerDutyClientOptions
            {
                RateShare = options.RateShare,
                Addresses = new PagerDutyAddresses { Allowed = options.PagerDutyBaseUrl, AllowPrivate = options.PagerDutyPrivateAddresses },
            },
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>()))
        .AddSingleton(s => new PagerDutyFeeds(
            s.GetRequiredService<FactsStore>(),
            s.GetRequiredService<PagerDutyClients>(),
            s.GetRequiredService<PagerDutyFeedOptions>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILoggerFactory>(),
            s.GetRequiredService<IFactsArchive>()))
        .AddSingleton<PagerDutyProbe>()
        .AddSingleton<WebhookReceiver>();

    /// <summary>What shares facts with other sidecars, where they share their storage.</summary>
    public static IServiceCollection AddFleet(this IServiceCollection services, SidecarOptions options) => options.Storage != StorageKind.Etcd
        ? services
        : services
            .AddSingleton(s => new FleetMember(
                s.GetRequiredService<EtcdClient>(),
                s.GetRequiredService<PagerDutyFeeds>(),
                s.GetRequiredService<WebhookReceiver>(),
                new FleetOptions { Name = options.FleetName.Length > 0 ? options.FleetName : Environment.MachineName, LeaseTimeToLive = options.FleetLease },
                s.GetRequiredService<TimeProvider>(),
                s.GetRequiredService<ILoggerFactory>()))
            .AddHostedService<FleetMembership>();

    /// <summary>Who may call what.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services) => services
        .AddSingleton<Gatekeeper>()
        .AddSingleton<ListenerTls>()
        .AddHostedService<CertificateWatch>()
        .AddSingleton(s => new TokenFile(s.GetRequiredService<DataDirectory>().Path, s.GetRequiredService<TimeProvider>()))
        .AddSingleton<TokenTable>()
        .AddSingleton<TokenWatch>()
        .AddHostedService(s => s.GetRequiredService<TokenWatch>());

    /// <summary>The gRPC services, health and reflection.</summary>
    public static IServiceCollection AddSidecarRpc(this IServiceCollection services, SidecarOptions options)
    {
        // Not for EvaluationRpc, which does it by itself: an interceptor costs every call.
        services.AddGrpc(grpc =>
            {
                grpc.MaxReceiveMessageSize = options.Limits.MaxMessageSize;
                grpc.CompressionProviders = [new BoundedGzip(options.Limits.MaxMessageSize)];
            })
            .AddServiceOptions<IntegrationRpc>(grpc => grpc.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<PolicyRpc>(grpc => grpc.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<ActivityRpc>(grpc => grpc.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<HealthServiceImpl>(grpc => grpc.Interceptors.Add<ErrorInterceptor>())
            .AddServiceOptions<WatchRpc>(grpc =>
            {
                grpc.MaxReceiveMessageSize = options.Limits.MaxSubscriptionSize;
                grpc.CompressionProviders = [new BoundedGzip(options.Limits.MaxSubscriptionSize)];
            });
        services.AddGrpcReflection();
        return services
            .AddSingleton<CallErrors>()
            .AddSingleton<ErrorInterceptor>()
            .AddSingleton<ConfigurationState>()
            .AddSingleton<Decider>()
            .AddSingleton<CallerStreams>()
            .AddSingleton<SubscriptionGate>()
            .AddSingleton<UnfinishedMessages>()
            .AddSingleton<WatchRpc>()
            .AddSingleton<IntegrationRpc>()
            .AddSingleton<PolicyRpc>()
            .AddSingleton<ActivityRpc>()
            .AddSingleton<EvaluationRpc>()
            .AddSingleton<HealthServiceImpl>()
            .AddSingleton<WebhookEndpoint>();
    }

    /// <summary>What can be measured of the sidecar.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, SidecarOptions options)
    {
        services
            .AddSingleton<CallMetrics>()
            .AddSingleton<CallMeter>()
            .AddSingleton<MetricsCollector>()
            .AddSingleton<IntegrationGauges>()
            .AddSingleton<MetricsPage>();
        return options.Otlp.Endpoint is null ? services : services.AddOtlp(options.Otlp);
    }

    /// <summary>Every path that is served.</summary>
    public static void MapSidecar(this WebApplication app)
    {
        var (meter, spans) = (app.Services.GetRequiredService<CallMeter>(), app.Services.GetService<ServerSpans>());
        foreach (var service in (IEndpointConventionBuilder[])
            [
                app.MapGrpcService<IntegrationRpc>(), app.MapGrpcService<PolicyRpc>(), app.MapGrpcService<EvaluationRpc>(), app.MapGrpcService<ActivityRpc>(), app.MapGrpcService<HealthServiceImpl>(), app.MapGrpcReflectionService(),
            ])
        {
            UnfinishedMessages.Guard(service);
            Gatekeeper.Guard(service);
            meter.Guard(service);
            spans?.Guard(service);
        }

        // Its messages have a gate of their own.
        var watch = app.MapGrpcService<WatchRpc>();
        SubscriptionGate.Guard(watch);
        Gatekeeper.Guard(watch);
        meter.Guard(watch);
        spans?.Guard(watch);
        app.MapPost("/webhooks/pagerduty/v3/{integration}", (HttpContext context) => app.Services.GetRequiredService<WebhookEndpoint>().HandleAsync(context));
        app.MapGet("/metrics", (HttpContext context) =>
        {
            if (Gatekeeper.MayLook(context))
            {
                return WriteAsync(context, app.Services.GetRequiredService<MetricsPage>().Write(), Exposition.ContentType);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return WriteAsync(context, "a token with role viewer is needed here\n");
        });
        app.MapGet("/healthz", (HttpContext context) => WriteAsync(context, "ok\n" + Describe(app, context)));
        app.MapGet("/readyz", (HttpContext context) =>
        {
            var isReady = app.Services.GetRequiredService<Readiness>().IsReady;
            context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return WriteAsync(context, Describe(app, context));
        });
    }

    private static string Describe(WebApplication app, HttpContext context) =>
        app.Services.GetRequiredService<Readiness>().Describe(withReasons: Gatekeeper.MayLook(context));

    private static Task WriteAsync(HttpContext context, string text, string type = "text/plain; charset=utf-8")
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}

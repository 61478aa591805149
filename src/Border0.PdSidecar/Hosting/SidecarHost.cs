using System.Net;
using System.Runtime.InteropServices;
using Border0.PdSidecar.Access;
using Border0.PdSidecar.Access.Tls;
using Border0.PdSidecar.Access.Tokens;
using Border0.PdSidecar.Administration;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Fleet;
using Border0.PdSidecar.Hosting.Memory;
using Border0.PdSidecar.Hosting.Systemd;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Telemetry;
using Border0.PdSidecar.WebConsole;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Border0.PdSidecar.Hosting;

/// <summary>A running sidecar: everything that `serve` starts, to be started inside another process too.</summary>
public sealed partial class SidecarHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DataDirectory _directory;

    private SidecarHost(WebApplication app, DataDirectory directory, Endpoints endpoints) => (_app, _directory, Endpoints) = (app, directory, endpoints);

    /// <summary>Where it listens.</summary>
    public Endpoints Endpoints { get; }

    /// <summary>Starts, and returns once it is ready.</summary>
    /// <exception cref="StorageUnusableException">The data directory or what is in it cannot be used.</exception>
    /// <exception cref="IOException">A listener cannot be bound.</exception>
    public static Task<SidecarHost> StartAsync(SidecarOptions options, TimeProvider time, CancellationToken cancellation) =>
        StartAsync(options, passed: null, time, cancellation);

    /// <summary>Starts on a Unix socket that somebody else has made, and returns once it is ready.</summary>
    /// <exception cref="StorageUnusableException">The data directory or what is in it cannot be used.</exception>
    /// <exception cref="IOException">A listener cannot be bound.</exception>
    public static async Task<SidecarHost> StartAsync(SidecarOptions options, PassedSocket? passed, TimeProvider time, CancellationToken cancellation)
    {
        // Whatever is created from here on, the socket included, is this user's alone.
        _ = Umask(0x3F);
        var directory = DataDirectory.Take(options.Data);
        WebApplication? app = null;
        try
        {
            var socket = passed?.Path ?? Path.GetFullPath(options.GrpcSocket.Length > 0 ? options.GrpcSocket : directory.File("pdsidecar.sock"));
            if (passed is null)
            {
                UnixSocketFile.MakeWay(socket);
            }

            app = Build(options, time, directory, socket, passed);
            app.Services.GetRequiredService<TokenWatch>().Load();
            await app.Services.GetRequiredService<ConfigurationState>().LoadAsync(cancellation);
            _ = app.Services.GetRequiredService<IntegrationGauges>();
            await app.Services.GetRequiredService<SessionRegistry>().StartAsync(AccessRequests.Recorded, cancellation);
            await app.StartAsync(cancellation);
            if (passed is null)
            {
                UnixSocketFile.Open(socket, options.GrpcSocketGroup, options.GrpcSocketMode);
            }

            // In the order of the listeners, of which the Unix socket, made here or passed, is the first.
            var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
                .Skip(1).Select(a => new Uri(a).Authority).ToList();
            var endpoints = new Endpoints(socket, bound[0], bound[1]);
            app.Services.GetRequiredService<Readiness>().Set(true);
            endpoints.Write(directory.File("endpoints.json"));
            GiveBackWhatTheStartTook();
            SidecarReady(app.Logger, endpoints.GrpcSocket, endpoints.GrpcTcp, (TlsFiles.OfHttp(options) is null ? "http://" : "https://") + endpoints.Http, directory.Path);
            if (ConsoleMapping.IsServed(options))
            {
                ConsoleReady(app.Logger, (TlsFiles.OfHttp(options) is null ? "http://" : "https://") + endpoints.Http + ConsoleMapping.Path + "/");
            }

            return new SidecarHost(app, directory, endpoints);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            directory.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the process is asked to stop.</summary>
    public async Task WaitForStopAsync(CancellationToken cancellation)
    {
        var lifetime = _app.Services.GetRequiredService<IHostApplicationLifetime>();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = lifetime.ApplicationStopping.Register(asked.SetResult);
        await asked.Task.WaitAsync(cancellation);
    }

    /// <summary>Stops: not serving any more, streams ended, everything written.</summary>
    public async ValueTask DisposeAsync()
    {
        _app.Services.GetRequiredService<Readiness>().Set(false);
        File.Delete(_directory.File("endpoints.json"));
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), TimeProvider.System))
        {
            await _app.StopAsync(patience.Token);
        }

        await _app.Services.GetRequiredService<ISessionJournal>().FlushAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>A start makes as much garbage as many minutes of an idle sidecar, and touches most of the program: nobody needs it resident.</summary>
    private static void GiveBackWhatTheStartTook() => ThreadPool.UnsafeQueueUserWorkItem(static _ => MemoryReturn.GiveBack(), null);

    private static WebApplication Build(SidecarOptions options, TimeProvider time, DataDirectory directory, string socket, PassedSocket? passed)
    {
        // The builder would watch the data directory for changes of a configuration that it does not read.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = directory.Path, Args = ["--hostBuilder:reloadConfigOnChange=false"] });
        builder.Configuration.Sources.Clear();
        ConfigureLogging(builder.Logging, options);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelSettings.Apply(kestrel);
            KestrelLimits.Apply(kestrel.Limits, options.Limits);
            Action<ListenOptions> guardSocket = listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                kestrel.ApplicationServices.GetRequiredService<Gatekeeper>().GuardSocket(listen);
            };
            if (passed is null)
            {
                kestrel.ListenUnixSocket(socket, guardSocket);
            }
            else
            {
                kestrel.ListenHandle((ulong)passed.Descriptor, guardSocket);
            }

            var (gatekeeper, tls) = (kestrel.ApplicationServices.GetRequiredService<Gatekeeper>(), kestrel.ApplicationServices.GetRequiredService<ListenerTls>());
            Listen(kestrel, options.GrpcTcp, HttpProtocols.Http2, listen =>
            {
                tls.UseForGrpc(listen);
                gatekeeper.GuardTcp(listen, "grpc_tcp", options.GrpcTcp.IsLoopback, tls.Clients);
            });
            Listen(kestrel, options.Http, HttpProtocols.Http1, listen =>
            {
                tls.UseForHttp(listen);
                gatekeeper.GuardTcp(listen, "http", options.Http.IsLoopback);
            });
        });
        builder.Services
            .AddSingleton(options)
            .AddSingleton(time)
            .AddSidecarStorage(directory, options)
            .AddDecisionLog(directory, options)
            .AddSidecarEngine(options)
            .AddPagerDuty(options)
            .AddFleet(options)
            .AddAccess()
            .AddSidecarRpc(options)
            .AddTelemetry(options)
            .AddMemoryReturn()
            .AddSingleton<Readiness>()
            .Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        var app = builder.Build();
        app.Services.GetRequiredService<Readiness>().Set(false);

        // Before there are feeds: they are to know of it.
        var fleet = app.Services.GetService<FleetMember>();
        var (tokens, certificates) = (app.Services.GetRequiredService<TokenWatch>(), app.Services.GetRequiredService<ListenerTls>());
        app.Services.GetRequiredService<Readiness>().Ask(() =>
        [
            .. tokens.Trouble is { } why ? (StorageTrouble[])[new("tokens", why)] : [],
            .. certificates.All.Where(c => c.Trouble is not null).Select(c => new StorageTrouble(c.Key, c.Trouble!)),
            .. fleet?.Trouble is { Length: > 0 } trouble ? (StorageTrouble[])[new("fleet", trouble)] : [],
        ]);

        // Counts from here on, not only from the first time that somebody looks.
        _ = app.Services.GetRequiredService<MetricsCollector>();
        app.MapSidecar();
        app.MapConsole();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress address, HttpProtocols protocols, Action<ListenOptions> guard) =>
        kestrel.Listen(new IPEndPoint(address.Address, address.Port), listen =>
        {
            listen.Protocols = protocols;
            guard(listen);
        });

    private static void ConfigureLogging(ILoggingBuilder logging, SidecarOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);

        // It would make an Activity for every call, as soon as anything of it could be logged.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // It quotes a header that it cannot read, which may be the one with the token.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.None);

        // The framework's own talk is worth hearing when something is wrong, or when somebody asks for more than usual.
        if (options.LogLevel >= LogLevel.Information)
        {
            logging.AddFilter("Microsoft", LogLevel.Warning);
            logging.AddFilter("Grpc", LogLevel.Warning);
            logging.AddFilter("System", LogLevel.Warning);
            logging.AddFilter("Polly", LogLevel.Error);
        }

        if (options.LogFormat == "json")
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial int Umask(int mask);

    [LoggerMessage(LogLevel.Information, "Ready: gRPC on {GrpcSocket} and {GrpcTcp}, webhooks, metrics and health on {Http}, data in {Data}", EventName = "SidecarReady")]
    private static partial void SidecarReady(ILogger logger, string grpcSocket, string grpcTcp, string http, string data);

    [LoggerMessage(LogLevel.Information, "Console at {Address}: sign in with a token of role viewer or admin (pdsidecar token create)", EventName = "ConsoleReady")]
    private static partial void ConsoleReady(ILogger logger, string address);
}

using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.WebConsole;

/// <summary>The console on the HTTP listener: its pages, who is signed in, and the contract over gRPC-Web.</summary>
internal static class ConsoleMapping
{
    /// <summary>Where it is.</summary>
    public const string Path = "/console";

    /// <summary>Whether it is served.</summary>
    public static bool IsServed(SidecarOptions options) =>
        options.Console == ConsoleMode.On || (options.Console == ConsoleMode.Loopback && options.Http.IsLoopback);

    /// <summary>Serves it, where the options say so. Where they do not, nothing of it is there.</summary>
    public static void MapConsole(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<SidecarOptions>();
        if (!IsServed(options))
        {
            return;
        }

        var (door, session) = (new ConsoleDoor(options), new ConsoleSession(options, app.Services.GetRequiredService<TimeProvider>()));
        app.Map(Path, console =>
        {
            console.Use(door.Guard);
            console.Map("/api", api =>
            {
                // The same methods as on the other listeners, with all that stands before them. They are looked up here only once somebody asks.
                api.Use(ConsoleCalls.Guard);
                api.UseRouting();
                api.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true });
                api.UseEndpoints(own =>
                {
                    foreach (var source in ((IEndpointRouteBuilder)app).DataSources)
                    {
                        own.DataSources.Add(source);
                    }
                });
            });
            console.Map("/session", branch => branch.Run(session.AnswerAsync));
            console.Run(ConsolePages.AnswerAsync);
        });
    }
}

using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.EndToEnd.Tests.Secrets;

/// <summary>What people look at a sidecar with: its command line, the stream of what happens, the web console.</summary>
internal static class SidecarTools
{
    /// <summary>Looks with each of them, secrets in hand, and collects what it shows.</summary>
    public static async Task LookAsync(Sidecar sidecar, Planted planted, Evidence evidence)
    {
        await UseTheCommandLineAsync(sidecar, planted, evidence);
        await WatchAsync(sidecar, planted, evidence);
        using var http = new HttpClient();
        foreach (var page in (string[])["/console/", "/console/app.js", "/console/session", "/console/api/nothing"])
        {
            using var answer = await http.GetAsync(new Uri(sidecar.Http, page));
            evidence.Add("page /console", $"{answer}\n{await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static async Task UseTheCommandLineAsync(Sidecar sidecar, Planted planted, Evidence evidence)
    {
        foreach (var (code, input, arguments) in ((int, string, string[])[])
            [
                (0, "", ["integrations", "list"]),
                (0, "", ["integrations", "list", "--json"]),
                (0, "", ["integrations", "get", planted.Canary]),
                (0, "", ["integrations", "get", planted.Canary, "--json"]),
                (0, "", ["integrations", "check", planted.Canary, "--json"]),
                (0, planted.NextApiKey, ["integrations", "update", planted.Canary, "--api-key-file", "-", "--json"]),
                (0, "", ["policies", "list", "--json"]),
                (0, "", ["policies", "get", planted.Canary]),
                (0, "", ["sessions", "list", "--json"]),

                // What is refused: a key on the command line, one that PagerDuty does not know, a name that is taken, a key that cannot be one.
                (2, "", ["integrations", "create", "other", "--api-key", planted.ApiKey]),
                (-1, planted.WrongApiKey, ["integrations", "check", planted.Canary, "--api-key-file", "-"]),
                (-1, planted.ApiKey, ["integrations", "create", planted.Canary]),
                (-1, planted.BadApiKey, ["integrations", "create", "bad", "--json"]),
                (-1, planted.LongApiKey, ["integrations", "create", "long"]),
            ])
        {
            await using var run = ProgramRun.Start(
                BuildFacts.SidecarBinary, arguments, input: input + "\n", environment: new Dictionary<string, string> { ["PDSIDECAR_DATA"] = sidecar.DataDirectory });
            var ended = await run.ExitAsync();
            evidence.Add("command line", run.Output + run.Errors);
            Assert.True(code < 0 ? ended != 0 : ended == code, $"{arguments[0]} {arguments[1]} ended with {ended}: {run.Errors}");
        }
    }

    private static async Task WatchAsync(Sidecar sidecar, Planted planted, Evidence evidence)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var watch = new ActivityService.ActivityServiceClient(sidecar.Administration).WatchActivity(new WatchActivityRequest(), cancellationToken: end.Token);
        Assert.True(await watch.ResponseStream.MoveNext(end.Token));
        await sidecar.Integrations.UpdateIntegrationAsync(new UpdateIntegrationRequest
        {
            Integration = new Integration { Name = planted.Canary, Description = $"{planted.Canary} {Guid.NewGuid():N}", ApiKey = planted.NextApiKey, WebhookSecrets = { planted.WebhookSecret } },
        });
        var isTold = false;
        while (!isTold && await watch.ResponseStream.MoveNext(end.Token))
        {
            var text = JsonFormatter.Default.Format(watch.ResponseStream.Current);
            evidence.Add("WatchActivity", watch.ResponseStream.Current.ToByteArray());
            evidence.Add("WatchActivity", text);
            isTold = text.Contains(planted.Canary, StringComparison.Ordinal);
        }
    }
}

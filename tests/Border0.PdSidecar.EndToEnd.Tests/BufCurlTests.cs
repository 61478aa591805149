using System.Text.Json;

namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>What somebody at a shell sees who has no protos at hand: everything through server reflection.</summary>
public class BufCurlTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reflection_ListsEveryService(bool unixSocket)
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);

        var listed = await CurlAsync(sidecar, unixSocket, "", "--list-services");

        foreach (var service in (string[])["ActivityService", "EvaluationService", "IntegrationService", "PolicyService"])
        {
            Assert.Contains("border0.pdsidecar.v1." + service, listed, StringComparison.Ordinal);
        }

        Assert.Contains("grpc.health.v1.Health", listed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Evaluate_WithoutAnyPolicy_DeniesAndSaysWhy(bool unixSocket)
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);

        var answer = await CurlAsync(
            sidecar,
            unixSocket,
            "/border0.pdsidecar.v1.EvaluationService/Evaluate",
            "-d",
            """{"socket_id": "payments-db", "socket_type": "database", "user_email": "alice@example.com"}""");

        var response = JsonDocument.Parse(answer).RootElement;
        Assert.Equal("DECISION_DENY", response.GetProperty("decision").GetString());
        Assert.Equal("REASON_CODE_NO_POLICY", response.GetProperty("reasons")[0].GetProperty("code").GetString());
        Assert.NotEmpty(response.GetProperty("reasons")[0].GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task BadRequest_NamesEveryFieldAtOnce()
    {
        using var folder = new TemporaryFolder();
        await using var sidecar = await Sidecar.StartAsync(folder);

        await using var run = Curl(
            sidecar, false, "/border0.pdsidecar.v1.EvaluationService/Evaluate", "-d", """{"client_ip": "not an address"}""");
        var code = await run.ExitAsync();

        Assert.NotEqual(0, code);
        Assert.Contains("invalid_argument", run.Errors, StringComparison.Ordinal);
        foreach (var field in (string[])["socket_id", "socket_type", "user_email", "client_ip"])
        {
            Assert.Contains(field, run.Errors, StringComparison.Ordinal);
        }
    }

    private static async Task<string> CurlAsync(Sidecar sidecar, bool unixSocket, string path, params string[] arguments)
    {
        await using var run = Curl(sidecar, unixSocket, path, arguments);
        var code = await run.ExitAsync();
        Assert.True(code == 0, $"buf curl ended with {code}: {run.Errors}");
        return run.Output;
    }

    private static ProgramRun Curl(Sidecar sidecar, bool unixSocket, string path, params string[] arguments)
    {
        var address = "http://" + (unixSocket ? "localhost" : sidecar.GrpcTcp) + path;
        string[] transport = unixSocket ? ["--unix-socket", sidecar.GrpcSocket] : [];
        return ProgramRun.Start(
            BuildFacts.Buf, ["curl", "--protocol", "grpc", "--http2-prior-knowledge", .. transport, .. arguments, address]);
    }
}

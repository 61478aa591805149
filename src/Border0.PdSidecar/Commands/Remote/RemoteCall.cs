using System.CommandLine;
using Border0.PdSidecar.Client;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>One run of a command that asks a sidecar.</summary>
/// <param name="Parsed">Its arguments.</param>
/// <param name="Terminal">What it reads from and writes to.</param>
/// <param name="Connection">The sidecar.</param>
/// <param name="Organization">The organization, or empty.</param>
/// <param name="IsJson">The answer is for a script.</param>
/// <param name="Timeout">How long to wait for each answer.</param>
/// <param name="Cancellation">The person gives up.</param>
internal sealed record RemoteCall(
    ParseResult Parsed, Terminal Terminal, SidecarConnection Connection, string Organization, bool IsJson, TimeSpan Timeout, CancellationToken Cancellation)
{
    /// <summary>IntegrationService.</summary>
    public IntegrationService.IntegrationServiceClient Integrations => new(Connection.Channel);

    /// <summary>PolicyService.</summary>
    public PolicyService.PolicyServiceClient Policies => new(Connection.Channel);

    /// <summary>EvaluationService.</summary>
    public EvaluationService.EvaluationServiceClient Evaluation => new(Connection.Channel);

    /// <summary>Now.</summary>
    public DateTimeOffset Now => Terminal.Time.GetUtcNow();

    /// <summary>The deadline of one call, from now.</summary>
    public CallOptions Bounded() => new(deadline: Now.UtcDateTime + Timeout, cancellationToken: Cancellation);

    /// <summary>Makes a call, with a sign of life on the terminal while it takes its time.</summary>
    /// <param name="what">What is going on.</param>
    /// <param name="call">The call.</param>
    public Task<T> AskAsync<T>(string what, Func<CallOptions, AsyncUnaryCall<T>> call) => Progress.WhileAsync(Terminal, what, call(Bounded()).ResponseAsync);

    /// <summary>Writes an answer as JSON and returns true, if that is wanted.</summary>
    public bool WroteJson(IMessage answer)
    {
        if (IsJson)
        {
            Terminal.Out.WriteLine(ContractJson.Indented(answer));
        }

        return IsJson;
    }

    /// <summary>Reads every page of a list.</summary>
    /// <param name="first">Asks for the page of a token.</param>
    /// <param name="next">The next page's token; empty on the last page.</param>
    public static async Task<List<T>> PagesAsync<T>(Func<string, Task<T>> first, Func<T, string> next)
    {
        List<T> pages = [];
        var token = "";
        do
        {
            var page = await first(token);
            pages.Add(page);
            token = next(page);
        }
        while (token.Length > 0);
        return pages;
    }
}

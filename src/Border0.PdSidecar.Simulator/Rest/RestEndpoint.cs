using System.Globalization;
using Border0.PdSidecar.Simulator.Faults;
using Border0.PdSidecar.Simulator.Model;
using Microsoft.AspNetCore.Http;

namespace Border0.PdSidecar.Simulator.Rest;

/// <summary>One request to the API: key, rate limit, faults, answer.</summary>
internal sealed class RestEndpoint(PagerDutyAccount account, FaultPlan faults, RequestLog log)
{
    private const string Scheme = "Token token=";
    private readonly RestApi _api = new(account);
    private readonly IncidentWrites _writes = new(account);

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        var fault = faults.For(path);
        if (fault?.Kind is FaultKind.Hang or FaultKind.Reset)
        {
            Log(request, path, 0, fault.Kind);
            await FailAsync(context, fault.Kind);
            return;
        }

        if (fault?.Kind == FaultKind.Slow)
        {
            await Task.Delay(fault.Delay, account.Time, context.RequestAborted);
        }

        var answer = fault?.Kind switch
        {
            FaultKind.Status => ApiAnswer.Error(fault.Status, fault.Status == 429 ? 2020 : 2000, fault.Status == 429 ? "Rate Limit Exceeded" : "Internal Server Error"),
            FaultKind.Echo => Echo(fault.Status, request.Headers.Authorization.ToString()),
            FaultKind.HtmlStatus or FaultKind.BareTooManyRequests => new ApiAnswer(fault.Kind == FaultKind.HtmlStatus ? fault.Status : 429, []),
            _ => await AnswerAsync(context, path),
        };
        Log(request, path, answer.Status, fault?.Kind);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = fault?.Kind is FaultKind.HtmlStatus or FaultKind.WrongContentType or FaultKind.GarbledBody
            ? "text/html; charset=utf-8"
            : "application/json; charset=utf-8";
        var body = fault is null || answer.Status != 200 ? answer.Body : FaultPlan.Tamper(fault.Kind, answer.Body);
        var first = fault?.Kind == FaultKind.SlowBody ? body.Length / 2 : body.Length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, first), context.RequestAborted);
        if (first < body.Length)
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(fault!.Delay, account.Time, context.RequestAborted);
            await context.Response.Body.WriteAsync(body.AsMemory(first), context.RequestAborted);
        }
    }

    /// <summary>Repeats it, once more where a reader that keeps 300 characters cuts it in two.</summary>
    private static ApiAnswer Echo(int status, string authorization) =>
        ApiAnswer.Error(status, 2000, $"You sent {authorization}", new string('.', Math.Max(1, 265 - authorization.Length)) + authorization);

    private static async Task FailAsync(HttpContext context, FaultKind kind)
    {
        if (kind == FaultKind.Reset)
        {
            context.Abort();
            return;
        }

        var gone = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    private async Task<ApiAnswer> AnswerAsync(HttpContext context, string path)
    {
        var request = context.Request;
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Scheme, StringComparison.Ordinal) || account.FindKey(authorization[Scheme.Length..]) is not { Revoked: false } key)
        {
            return ApiAnswer.Unauthorized();
        }

        if (!Spend(key, context.Response))
        {
            return ApiAnswer.Error(429, 2020, "Rate Limit Exceeded");
        }

        if (key.ReadOnly && request.Method != HttpMethods.Get)
        {
            return ApiAnswer.Error(403, 2010, "Access Denied");
        }

        var query = new Query(request.Query);
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (request.Method, parts) switch
        {
            ("GET", ["services"]) => _api.Services(query),
            ("GET", ["services", var id]) => _api.Service(query, id),
            ("GET", ["oncalls"]) => _api.OnCalls(query),
            ("GET", ["incidents"]) => _api.Incidents(query),
            ("GET", ["incidents", var id]) => _api.Incident(query, id),
            ("POST", ["incidents"]) => await _writes.CreateAsync(request, _api, query),
            ("PUT", ["incidents", var id]) => await _writes.UpdateAsync(request, id, _api, query),
            ("GET", ["users"]) => _api.Users(query),
            ("GET", ["users", "me"]) => _api.Me(key),
            ("GET", ["users", var id]) => _api.User(query, key, id),
            ("GET", ["abilities"]) => RestApi.Abilities(),
            ("GET", ["escalation_policies"]) => _api.EscalationPolicies(query),
            ("GET", ["escalation_policies", var id]) => _api.EscalationPolicy(id),
            ("GET", ["schedules"]) => _api.Schedules(query),
            ("GET", ["schedules", var id]) => _api.Schedule(id),
            ("GET", ["webhook_subscriptions"]) => _api.Subscriptions(query),
            ("GET", ["webhook_subscriptions", var id]) => _api.Subscription(id),
            ("POST", ["webhook_subscriptions", var id, "enable"]) => _api.EnableSubscription(id),
            ("POST", ["webhook_subscriptions", var id, "ping"]) => Ping(id),
            _ => ApiAnswer.NotFound(),
        };
    }

    private ApiAnswer Ping(string id)
    {
        if (account.FindSubscription(id) is not { } subscription)
        {
            return ApiAnswer.NotFound();
        }

        account.Ping(subscription);
        return new ApiAnswer(202, []);
    }

    /// <summary>Counts the request against the key's minute and says how much is left.</summary>
    private bool Spend(SimulatedKey key, HttpResponse response)
    {
        var now = account.Time.GetUtcNow().ToUnixTimeSeconds();
        var (left, allowed) = account.Read(() =>
        {
            if (key.Window != now / 60)
            {
                (key.Window, key.Used) = (now / 60, 0);
            }

            var spends = key.Used < key.LimitPerMinute;
            key.Used += spends ? 1 : 0;
            return (key.LimitPerMinute - key.Used, spends);
        });
        response.Headers["ratelimit-limit"] = key.LimitPerMinute.ToString(CultureInfo.InvariantCulture);
        response.Headers["ratelimit-remaining"] = left.ToString(CultureInfo.InvariantCulture);
        response.Headers["ratelimit-reset"] = (60 - (now % 60)).ToString(CultureInfo.InvariantCulture);
        return allowed;
    }

    private void Log(HttpRequest request, string path, int status, FaultKind? fault) => log.Add(new ApiRequest(
        account.Time.GetUtcNow(), request.Method, path, Uri.UnescapeDataString(request.QueryString.Value ?? ""), status, fault));
}

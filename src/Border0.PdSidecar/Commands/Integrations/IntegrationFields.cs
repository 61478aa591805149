using System.CommandLine;
using Border0.PdSidecar.Commands.Remote;
using Border0.PdSidecar.Commands.Terminals;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.V1;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace Border0.PdSidecar.Commands.Integrations;

/// <summary>The fields of an integration that can be written, as options.</summary>
internal sealed class IntegrationFields
{
    private readonly Option<string?> _key = new("--api-key-file") { Description = "file that holds the PagerDuty API key; - for standard input, which create reads when nothing is given", HelpName = "FILE" };
    private readonly Option<string?> _refused = RemoteOptions.Refused("--api-key");
    private readonly Option<string?> _secrets = new("--webhook-secret-file") { Description = "file that holds the secrets of the webhook subscriptions, one a line; - for standard input, /dev/null for none", HelpName = "FILE" };
    private readonly Option<string?> _refusedSecret = RemoteOptions.Refused("--webhook-secret");
    private readonly Option<string?> _description = new("--description") { Description = "what it is for", HelpName = "TEXT" };
    private readonly Option<string?> _region = new Option<string?>("--region") { Description = "PagerDuty's region of the account: us or eu", HelpName = "REGION" }.AcceptOnlyFromAmong("us", "eu");
    private readonly Option<string?> _baseUrl = new("--base-url") { Description = "an address in place of PagerDuty's, which the sidecar's configuration must allow", HelpName = "URL" };
    private readonly Option<string?> _maxStaleness = new("--max-staleness") { Description = "new connections need facts younger than this: 60s, 2m, or default", HelpName = "TIME" };
    private readonly Option<string?> _sessionMaxStaleness = new("--session-max-staleness") { Description = "running sessions are kept on facts up to this age: 15m, or default", HelpName = "TIME" };

    public IReadOnlyList<Option> Options => [_key, _refused, _secrets, _refusedSecret, _description, _region, _baseUrl, _maxStaleness, _sessionMaxStaleness];

    /// <summary>Puts what is given into an integration, and returns the paths of the fields that are.</summary>
    public List<string> Read(RemoteCall call, Integration integration, bool isNew)
    {
        List<string> given = [];
        var (key, secrets) = (call.Parsed.GetValue(_key) ?? (isNew ? "-" : null), call.Parsed.GetValue(_secrets));
        if (key == "-" && secrets == "-")
        {
            throw CommandException.Wrong("--webhook-secret-file: standard input holds the API key; one of the two must be a file");
        }

        integration.ApiKey = Given("api_key", key) is { } keyFile ? SecretInput.Read(call.Terminal, _key.Name, keyFile, IntegrationsCommand.KeyPrompt) : "";
        if (Given("webhook_secrets", secrets) is { } file)
        {
            integration.WebhookSecrets.Add(file == "/dev/null" ? [] : SecretInput.Read(call.Terminal, _secrets.Name, file, "Webhook secret")
                .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }

        integration.Description = Given("description", call.Parsed.GetValue(_description)) ?? "";
        integration.Region = Given("region", call.Parsed.GetValue(_region)) switch { "eu" => Region.Eu, "us" => Region.Us, _ => Region.Unspecified };
        integration.BaseUrl = Given("base_url", call.Parsed.GetValue(_baseUrl)) ?? "";
        integration.MaxStaleness = Span(_maxStaleness, Given("max_staleness", call.Parsed.GetValue(_maxStaleness)));
        integration.SessionMaxStaleness = Span(_sessionMaxStaleness, Given("session_max_staleness", call.Parsed.GetValue(_sessionMaxStaleness)));
        return given;

        string? Given(string path, string? value)
        {
            if (value is not null)
            {
                given.Add(path);
            }

            return value;
        }
    }

    private static Duration? Span(Option option, string? text) =>
        text is null or "default" ? null
        : OptionKeys.TryReadSpan(text, out var span) ? Duration.FromTimeSpan(span)
        : throw CommandException.Wrong($"{option.Name}: \"{text}\" is no time, like 90s or 15m, nor default");
}

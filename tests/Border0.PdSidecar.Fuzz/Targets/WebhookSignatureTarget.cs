using System.Text;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Signature headers, held against a second reading of the rule.</summary>
internal sealed partial class WebhookSignatureTarget : FuzzTarget
{
    private const int MostSignatures = 32;
    private static readonly byte[] Body = """{"event":{"id":"E1","event_type":"pagey.ping","occurred_at":"2026-11-23T12:00:04Z","data":{"type":"ping"}}}"""u8.ToArray();
    private static readonly string Right = WebhookRoom.Sign(Body);
    private readonly WebhookRoom _room = new();

    public override string Name => "webhook-signature";

    public override string About => "X-PagerDuty-Signature headers";

    public override int Longest => 16 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            Right, $"v1={new string('0', 64)},{Right}", $"{Right},v1={new string('f', 64)}", $"v2=abc, {Right}", Right.ToUpperInvariant(), $"v1={Right[3..].ToUpperInvariant()}",
            $"v1={new string('a', 64)}", "v1=", "", ",", string.Concat(Enumerable.Repeat($"v1={new string('1', 64)},", 40)) + Right,
        ]).Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } = [Encoding.ASCII.GetBytes(Right), "v1="u8.ToArray(), ","u8.ToArray(), ", v1="u8.ToArray(), "v0="u8.ToArray(), "\t"u8.ToArray()];

    public override void Run(byte[] input)
    {
        var header = Encoding.Latin1.GetString(input);
        var expected = Expected(header);
        var outcome = _room.Deliver(header, Body);
        outcome = outcome == WebhookOutcome.AcceptedDuplicate ? WebhookOutcome.Accepted : outcome;
        FuzzFinding.Unless(outcome == expected, $"gives {outcome} where the rule says {expected}");
    }

    protected override ValueTask EndAsync() => _room.DisposeAsync();

    private static WebhookOutcome Expected(string header)
    {
        var signatures = header.Split(',').Select(s => s.Trim()).Where(s => Signature().IsMatch(s)).Take(MostSignatures).ToList();
        return signatures.Count == 0 ? WebhookOutcome.BadHeader
            : signatures.Any(s => s.Equals(Right, StringComparison.OrdinalIgnoreCase)) ? WebhookOutcome.Accepted
            : WebhookOutcome.BadSignature;
    }

    [GeneratedRegex("^v1=[0-9a-fA-F]{64}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Signature();
}

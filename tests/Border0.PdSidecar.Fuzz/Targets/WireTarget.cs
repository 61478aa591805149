using System.Text.Json;
using Border0.PdSidecar.DecisionLog;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// The reader and writer of protobuf that Evaluate's answers have of their own, held against Google's: what both take, both understand
/// the same. And the decision log's lines of any request and answer: one line of JSON each, in which nothing breaks out of its quotes.
/// </summary>
internal sealed class WireTarget : FuzzTarget
{
    private readonly RecordRenderer _renderer = new("default");
    private readonly LineBuffer _lines = new(4096);

    public override string Name => "wire";

    public override string About => "Evaluate's own protobuf reader and writer against Google's, and the decision log's lines";

    public override IReadOnlyList<byte[]> Examples { get; } = [new EvaluateResponse { RequestId = "r", Decision = Decision.Allow, Revision = 7, SessionKey = "k" }.ToByteArray()];

    public override byte[]? Generate(Random random, Mutator mutator) => random.Next(4) == 0
        ? null
        : MessageBytes.Make(random.Next(2) == 0 ? EvaluateResponse.Descriptor : EvaluateRequest.Descriptor, random, Longest, valid: random.Next(4) > 0);

    public override void Run(byte[] input)
    {
        SameFields(input);
        SameBytes(input);
        var request = Parse(EvaluateRequest.Parser, input);
        var response = Parse(EvaluateResponse.Parser, input);
        if (request is not null || response is not null)
        {
            Render(request ?? new EvaluateRequest(), response ?? new EvaluateResponse());
        }
    }

    private static T? Parse<T>(MessageParser<T> parser, byte[] input)
        where T : class, IMessage<T>
    {
        try
        {
            // Nobody makes an answer with fields that are not known here.
            return parser.WithDiscardUnknownFields(true).ParseFrom(input);
        }
        catch (InvalidProtocolBufferException)
        {
            // Not a message of this type.
            return null;
        }
    }

    private static void SameFields(byte[] input)
    {
        var ours = new WireReader(input);
        using var theirs = new CodedInputStream(input);
        try
        {
            while (ours.Read())
            {
                if (ours.Field is <= 0 or > 536_870_911)
                {
                    // No field has this number: Google's reader says so.
                    return;
                }

                var tag = theirs.ReadTag();
                FuzzFinding.Unless((int)(tag >> 3) == ours.Field, $"field {ours.Field} is {tag >> 3} to Google's reader");
                if ((tag & 7) == 0)
                {
                    FuzzFinding.Unless(unchecked((ulong)ours.Number) == theirs.ReadUInt64(), $"field {ours.Field} has another number");
                }
                else
                {
                    FuzzFinding.Unless(ours.Bytes.SequenceEqual(theirs.ReadBytes().Span), $"field {ours.Field} has other bytes");
                }
            }

            FuzzFinding.Unless(theirs.IsAtEnd, "Google's reader finds more");
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            // Refused by one of them: what answers are made of, both take, which the bytes that are written show.
            return;
        }
    }

    private static void SameBytes(byte[] input)
    {
        var text = System.Text.Encoding.UTF8.GetString(input);
        var number = input.Length >= 8 ? BitConverter.ToInt64(input) : input.Length;
        var wire = new WireBuffer(16);
        wire.AddText(EvaluateResponse.RequestIdFieldNumber, text);
        wire.AddNumber(EvaluateResponse.DecisionFieldNumber, (int)number);
        var start = wire.Begin(EvaluateResponse.FactsTimeFieldNumber);
        wire.AddNumber(1, number);
        wire.AddNumber(2, (int)number);
        wire.End(start);
        wire.AddBytes(EvaluateResponse.SessionKeyFieldNumber, System.Text.Encoding.UTF8.GetBytes(text));
        wire.AddNumber(EvaluateResponse.RevisionFieldNumber, number);
        var expected = new EvaluateResponse
        {
            RequestId = text,
            Decision = (Decision)(int)number,
            FactsTime = new() { Seconds = number, Nanos = (int)number },
            SessionKey = text,
            Revision = number,
        };
        FuzzFinding.Unless(wire.Written.SequenceEqual(expected.ToByteArray()), "written otherwise than by Google's writer");
    }

    private void Render(EvaluateRequest request, EvaluateResponse response)
    {
        _lines.Clear();
        var answer = EvaluationAnswer.Of(response);
        _renderer.Render(LogEntry.Decision(Account.Now.UtcTicks, request, answer, PolicySnapshot.Empty, request.RequestId, null), _lines);
        var line = _lines.Written;
        FuzzFinding.Unless(line.EndsWith("\n"u8) && line.Count((byte)'\n') == 1, "a record is not one line");
        using var json = JsonDocument.Parse(line.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
        FuzzFinding.Unless(json.RootElement.GetProperty("reasons").GetArrayLength() == response.Reasons.Count, "a record has other reasons than the answer");
        FuzzFinding.Unless(json.RootElement.GetProperty("outcome").GetString() == (response.Decision == Decision.Allow ? "allow" : "deny"), "a record has another outcome than the answer");
    }
}

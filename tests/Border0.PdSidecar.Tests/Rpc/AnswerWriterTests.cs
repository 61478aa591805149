using System.Buffers;
using Border0.PdSidecar.Engine.Evaluation;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Rpc;
using Border0.PdSidecar.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Decision = Border0.PdSidecar.V1.Decision;

namespace Border0.PdSidecar.Tests.Rpc;

/// <summary>Answers are written by hand: each byte is held against what the generated code writes of the same message.</summary>
public sealed class AnswerWriterTests
{
    private static readonly DateTimeOffset Now = new DateTimeOffset(2026, 11, 23, 8, 5, 9, 42, TimeSpan.Zero).AddTicks(1234);

    public static TheoryData<int> Lengths => [0, 1, 60, 99, 100, 101, 102, 103, 104, 105, 127, 128, 129, 400, 16_200, 16_384, 70_000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Allow_IsTheMessageOfTheGeneratedCode(int length)
    {
        foreach (var letter in (ReadOnlySpan<string>)["a", "é", "猫"])
        {
            var text = string.Concat(Enumerable.Repeat(letter, length));
            var policy = new Policy
            {
                Name = text,
                OrganizationId = "acme",
                OrgWide = true,
                Actions = { ["ssh"] = new ActionList { Values = { "*" } } },
                MaxSessionDuration = new Duration { Seconds = 3600, Nanos = 700 },
            };
            var request = new EvaluateRequest { RequestId = text, SessionKey = text, SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" };
            var evaluation = new SessionEvaluation(false, Decide([policy], request), null, length, null);

            var expected = new EvaluateResponse
            {
                RequestId = text,
                Decision = Decision.Allow,
                AllowedActions = { ["ssh"] = new ActionList { Values = { "*" } } },
                Reasons =
                {
                    new Reason { Code = ReasonCode.Granted, PolicyName = text, Message = length == 0 ? "The policy grants access." : $"Policy {text} grants access." },
                },
                ValidUntil = Now.AddHours(1).AddTicks(7).ToTimestamp(),
                SessionKey = text,
                Revision = length,
            };
            Same(expected, request, evaluation);
        }
    }

    [Fact]
    public void AgesAndInstants_AreThoseOfTheGeneratedCode()
    {
        foreach (var at in (ReadOnlySpan<DateTimeOffset>)[Now, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddTicks(1), DateTimeOffset.UnixEpoch.AddTicks(-1), DateTimeOffset.UnixEpoch.AddYears(-30)])
        {
            var request = new EvaluateRequest { SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" };
            var decided = new Engine.Evaluation.Decision
            {
                Grants = GrantSet.None,
                FactsTime = at,
                At = Now,
                Purpose = EvaluationPurpose.NewConnection,
                Facts = FactsSnapshot.Empty,
                Policies = PolicySnapshot.Empty,
            };
            var expected = new EvaluateResponse { Decision = Decision.Deny, FactsTime = at.ToTimestamp(), Revision = -1 };
            expected.Reasons.Add(Evaluator.Explain(decided, AccessRequests.Read(request, "acme")));
            Same(expected, request, new SessionEvaluation(false, decided, null, -1, null));
        }
    }

    [Fact]
    public void DeniedByTheSession_SaysThatOnly()
    {
        var request = new EvaluateRequest { RequestId = "r1", ConnectorId = "c1", SessionKey = "k1", SocketId = "s", SocketType = "ssh", UserEmail = "alice@example.com" };
        var reason = new Reason { Code = ReasonCode.SessionRevoked, Message = "It was revoked for good." };

        Same(
            new EvaluateResponse { RequestId = "r1", Decision = Decision.Deny, Reasons = { reason }, Revision = 7 },
            request,
            new SessionEvaluation(false, Decide([], request), reason, 7, null));
    }

    [Fact]
    public void ManyTogether_AreTheMessageOfTheGeneratedCode()
    {
        var expected = new EvaluateStreamResponse();
        var together = new StreamAnswer();
        Assert.True(together.IsEmpty);
        for (var i = 0; i < 300; i++)
        {
            var response = new EvaluateResponse { RequestId = new string('r', i) };
            expected.Responses.Add(response);
            together.Add(EvaluationAnswer.Of(response));
            var failure = new EvaluateFailure { RequestId = new string('f', 300 - i), Code = i };
            expected.Failures.Add(failure);
            together.Add(failure);
        }

        var written = new ArrayBufferWriter<byte>();
        together.WriteTo(written);
        Assert.Equal(expected.CalculateSize(), together.Size);
        Assert.Equal(expected, EvaluateStreamResponse.Parser.ParseFrom(written.WrittenSpan));
        Assert.Equal(expected.ToByteArray(), written.WrittenSpan.ToArray());
    }

    private static void Same(EvaluateResponse expected, EvaluateRequest request, in SessionEvaluation evaluation)
    {
        var answer = AnswerWriter.Write(request, AccessRequests.Read("", request.SocketId, request.SocketType, request.UserEmail, [], "", "", "", null, "acme", new()), evaluation);

        Assert.Equal(expected, EvaluateResponse.Parser.ParseFrom(answer.Bytes));
        Assert.Equal(expected.ToByteArray(), answer.Bytes.ToArray());
        Assert.Equal(expected.Decision == Decision.Allow, answer.IsAllow);
    }

    private static Engine.Evaluation.Decision Decide(IReadOnlyList<Policy> policies, EvaluateRequest request)
    {
        var catalog = new PolicyCatalog();
        catalog.Replace(policies, []);
        return Evaluator.Evaluate(
            catalog.Current,
            FactsSnapshot.Empty,
            AccessRequests.Read("", request.SocketId, request.SocketType, request.UserEmail, [], "", "", "", null, "acme", new()),
            EvaluationPurpose.NewConnection,
            Now);
    }
}

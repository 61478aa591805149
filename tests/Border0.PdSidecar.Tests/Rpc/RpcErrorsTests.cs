using Border0.PdSidecar.Engine.Validation;
using Border0.PdSidecar.Rpc;
using Google.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Tests.Rpc;

public class RpcErrorsTests
{
    /// <summary>What grpc-java and gRPC's C core take of headers.</summary>
    private const int MostOfHeaders = 8 * 1024;

    [Theory]
    [InlineData(3, 20)]
    [InlineData(100, 20)]
    [InlineData(100, 4_000_000)]
    public void BadFields_AreNamedAsFarAsAClientsHeadersGo(int count, int length)
    {
        var found = new FieldViolations();
        for (var i = 0; i < count; i++)
        {
            found.Add($"policy.f{i}." + new string('猫', length), "must be 100 % right");
        }

        var error = RpcErrors.Invalid(found);

        Assert.InRange(Size(error), 1, MostOfHeaders);
        var named = error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations;
        Assert.StartsWith("policy.f0.", named[0].Field, StringComparison.Ordinal);
        Assert.Equal(count > named.Count, error.Status.Detail.StartsWith($"(and {count - named.Count} more) ", StringComparison.Ordinal));
    }

    [Fact]
    public void LongMessage_IsCut_AndAShortOneIsNot()
    {
        Assert.InRange(Size(RpcErrors.Precondition("R", string.Join(", ", Enumerable.Repeat("a-policy-with-a-name", 1000)))), 1, MostOfHeaders);
        Assert.InRange(Size(RpcErrors.Precondition("R", new string('\ud800', 100_000))), 1, MostOfHeaders);
        Assert.Equal("é and %", RpcErrors.Precondition("R", "é and %").Status.Detail);
    }

    private static int Size(RpcException error) =>
        Uri.EscapeDataString(error.Status.Detail).Length + error.Trailers.Sum(t => t.Key.Length + 32 + (t.IsBinary ? (t.ValueBytes.Length + 2) / 3 * 4 : t.Value.Length));
}

using System.Text;
using Border0.PdSidecar.Engine.Sessions;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Rpc;
using Grpc.Core;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>Resume tokens and page tokens: one that is taken is one that was given.</summary>
internal sealed class TokensTarget : FuzzTarget
{
    private static readonly ResumeToken Token = new(Guid.Parse("9d1f3f1c-7d5e-4d0a-9f57-3f2f7a1d2c11"), ResumeToken.LogOf("default", "c1"), 4711);

    public override string Name => "resume-token";

    public override string About => "resume tokens and page tokens";

    public override int Longest => 8 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            Token.ToString(), (Token with { Revision = 0 }).ToString(), (Token with { Revision = long.MaxValue }).ToString(), (Token with { Revision = -1 }).ToString(), default(ResumeToken).ToString(),
            PageTokens.For("payments"), PageTokens.For("c1\nk1"), PageTokens.For("100"), "p1", "",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override void Run(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (ResumeToken.TryParse(text, out var token))
        {
            FuzzFinding.Unless(token.Revision >= 0, "a token of a negative revision is taken");
            FuzzFinding.Unless(token.ToString() == text, "a token is taken that none gave");
        }

        FuzzFinding.Unless(SessionRegistry.IsToken(text) == (text.Length == 0 || ResumeToken.TryParse(text, out _)), "what a watch takes is not what is a token");
        try
        {
            var (size, after) = PageTokens.Read(0, text, 50, 1000);
            FuzzFinding.Unless(size == 50, "a page without a size has another size");
            FuzzFinding.Unless(text.Length == 0 || PageTokens.Read(0, PageTokens.For(after), 50, 1000).After == after || after.Length > 1500, "a page token's text does not come back");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            // Documented: not one that a previous page gave.
            return;
        }
    }
}

using Border0.PdSidecar.Commands;
using Border0.PdSidecar.Commands.Completion;

namespace Border0.PdSidecar.Tests.Commands;

/// <summary>What may be typed next.</summary>
public class CompleterTests
{
    [Theory]
    [InlineData("pol", "policies", CompletionKind.None)]
    [InlineData("policies ", "attach create delete detach get list update", CompletionKind.None)]
    [InlineData("policies create --na", "--name", CompletionKind.None)]
    [InlineData("policies create --name ", "", CompletionKind.None)]
    [InlineData("policies create ", "", CompletionKind.Files)]
    [InlineData("integrations create acme --region ", "eu us", CompletionKind.None)]
    [InlineData("integrations create acme --region = e", "eu", CompletionKind.None)]
    [InlineData("integrations create acme --region=e", "--region=eu", CompletionKind.None)]
    [InlineData("integrations create acme --api-key-file ", "", CompletionKind.Files)]
    [InlineData("integrations create acme --api-k", "--api-key-file", CompletionKind.None)]
    [InlineData("serve --data ", "", CompletionKind.Folders)]
    [InlineData("apply -f ", "", CompletionKind.Files)]
    [InlineData("apply --dry-run --dry", "", CompletionKind.None)]
    [InlineData("apply --dry-run --file x --fi", "--file", CompletionKind.None)]
    [InlineData("completion ", "bash fish zsh", CompletionKind.None)]
    [InlineData("help e", "environment exit-codes", CompletionKind.None)]
    [InlineData("policies get p -- --", "", CompletionKind.None)]
    [InlineData("nonsense more", "", CompletionKind.None)]
    public void Word_IsCompleted(string typed, string words, object kind)
    {
        var found = Completer.Complete(CommandTree.Create(ToolRun.Terminal()), typed.Split(' '));
        Assert.Equal((words, kind), (string.Join(' ', found.Words.Select(w => w.Word)), found.Kind));
    }

    [Fact]
    public void NothingTyped_OffersEveryCommand_WithWhatItDoes()
    {
        var root = CommandTree.Create(ToolRun.Terminal());
        var found = Completer.Complete(root, [""]);
        Assert.Equal(root.Subcommands.Select(c => c.Name).Order(StringComparer.Ordinal), found.Words.Select(w => w.Word));
        Assert.All(found.Words, w => Assert.True(w.About.Length is > 0 and < 200 && !w.About.Contains('\n', StringComparison.Ordinal), w.Word));
    }
}

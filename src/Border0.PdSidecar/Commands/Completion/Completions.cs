namespace Border0.PdSidecar.Commands.Completion;

/// <summary>What may stand where somebody is typing.</summary>
/// <param name="Words">Words with what each is.</param>
/// <param name="Kind">What else: files, folders or nothing.</param>
internal sealed record Completions(IReadOnlyList<(string Word, string About)> Words, CompletionKind Kind);

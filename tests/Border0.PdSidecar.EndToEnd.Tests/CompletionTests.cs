namespace Border0.PdSidecar.EndToEnd.Tests;

/// <summary>Completion in the shells themselves.</summary>
public class CompletionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Bash_CompletesCommandsOptionsAndFiles()
    {
        const string script = """
            eval "$(pdsidecar completion bash)"
            complete -p pdsidecar
            try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pdsidecar; echo "${COMPREPLY[*]}"; }
            try pdsidecar pol
            try pdsidecar policies get ""
            try pdsidecar integrations create acme --region = e
            try pdsidecar apply --dry
            try pdsidecar apply -f a-file
            try pdsidecar serve --data a-fo
            """;
        Assert.Equal(
            """
            complete -F _pdsidecar pdsidecar
            policies

            eu
            --dry-run
            a-file of policies.json
            a-folder
            """,
            await RunAsync("bash", ["--norc", "--noprofile", "-c", script]));
    }

    [Fact]
    public async Task Fish_CompletesCommandsOptionsAndFiles()
    {
        const string script = """
            pdsidecar completion fish | source
            complete -C 'pdsidecar pol'
            complete -C 'pdsidecar integrations create acme --region '
            complete -C 'pdsidecar apply --dry'
            complete -C 'pdsidecar apply -f a-fi'
            complete -C 'pdsidecar serve --data a-fo' | string split -f1 \t
            exit 0
            """;
        Assert.Equal(
            """
            policies	Who may do what, and in which state of PagerDuty
            eu
            us
            --dry-run	print what would change, and change nothing
            a-file of policies.json
            a-folder/
            """,
            await RunAsync("fish", ["--no-config", "-c", script]));
    }

    /// <summary>In a terminal of its own, with the Tab key.</summary>
    [Fact]
    public async Task Zsh_CompletesCommandsOptionsAndFiles()
    {
        const string script = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1='> '; unsetopt beep; autoload -U compinit; compinit -u -D; source <(pdsidecar completion zsh)"
            zpty -w shell "show() { print -r -- \"typed<\$BUFFER>\"; BUFFER= }; zle -N show; bindkey '^X' show; echo is-\loaded"
            zpty -r -m shell seen '*is-loaded*'
            for typed in 'pdsidecar pol' 'pdsidecar integrations create acme --region e' 'pdsidecar apply --dry' 'pdsidecar apply -f a-fi'; do
                zpty -w -n shell "$typed"$'\t\C-X'
                zpty -r -m shell seen '*typed<*>*'
                print -r -- "${${seen##*typed<}%%>*}|"
            done
            zpty -d shell
            """;
        Assert.Equal(
            """
            pdsidecar policies |
            pdsidecar integrations create acme --region eu |
            pdsidecar apply --dry-run |
            pdsidecar apply -f a-file\ of\ policies.json |
            """,
            await RunAsync("zsh", ["-f", "-c", script]));
    }

    private static async Task<string> RunAsync(string shell, IEnumerable<string> arguments)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Path("bin"));
        File.CreateSymbolicLink(folder.Path("bin/pdsidecar"), BuildFacts.SidecarBinary);
        var work = Directory.CreateDirectory(folder.Path("work"));
        await File.WriteAllTextAsync(Path.Combine(work.FullName, "a-file of policies.json"), "");
        work.CreateSubdirectory("a-folder");
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{folder.Path("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = work.FullName,
            ["TERM"] = "dumb",
        };
        await using var run = ProgramRun.Start(shell, arguments, environment: environment, workingDirectory: work.FullName);
        Assert.True(await run.ExitAsync(Patience) == 0, run.Output + run.Errors);
        return run.Output.TrimEnd('\n');
    }
}

using System.Text;
using Border0.PdSidecar.Access.Tokens;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.Storage;
using Border0.PdSidecar.Storage.Tokens;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>The file of access tokens, and the authorization headers that are held against it.</summary>
internal sealed class TokenFileTarget : FuzzTarget
{
    private static readonly string Text = TokenText.New();
    private readonly ScratchFolder _folder = new();
    private readonly TokenFile _file;

    public TokenFileTarget() => _file = new TokenFile(_folder.File(), new FakeTimeProvider(Account.Now));

    public override string Name => "token-file";

    public override string About => "tokens.json, and Authorization headers";

    public override int Longest => 64 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            $$"""{"version":1,"tokens":[{"id":"0123456789","name":"a","roles":"admin viewer","hash":"{{Convert.ToBase64String(TokenText.Hash(Text))}}","created":"2026-11-23T00:00:00+00:00","created_by":"root"},{"id":"0123456780","name":"b","roles":"connector","connector_id":"c1","hash":"{{Convert.ToBase64String(new byte[32])}}","created":"2026-11-23T00:00:00Z","expires":"2026-11-24T00:00:00Z","revoked":"2026-11-23T01:00:00Z"}]}""",
            """{"version":1,"tokens":[]}""", $"Bearer {Text}", "Basic dXNlcjpwYXNz", "null", "",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)["\"hash\":", "\"roles\":", "\"expires\":", "\"version\":", "\"tokens\":", "\"connector_id\":", "Bearer ", Text, "\"admin\"", "9999-12-31T23:59:59.9999999+14:00"]).Select(Encoding.UTF8.GetBytes),
    ];

    public override void Run(byte[] input)
    {
        var table = new TokenTable();
        var header = table.Find(Encoding.Latin1.GetString(input));
        FuzzFinding.Unless(header.Caller is null, "a token is taken that nobody made");
        File.WriteAllBytes(_file.Path, input);
        try
        {
            table.Replace(_file.Read(), Account.Now);
            _ = table.Expire(Account.Now.AddDays(1));
            table.Find($"Bearer {Text}");
        }
        catch (StorageUnusableException e)
        {
            FuzzFinding.Unless(e.Message.Contains(_file.Path, StringComparison.Ordinal), $"the refusal does not name the file: {e.Message}");
        }

        FuzzFinding.Unless(File.ReadAllBytes(_file.Path).AsSpan().SequenceEqual(input), "the file was changed");
    }

    protected override ValueTask EndAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

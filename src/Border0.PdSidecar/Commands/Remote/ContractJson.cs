using Google.Protobuf;

namespace Border0.PdSidecar.Commands.Remote;

/// <summary>Messages of the contract as JSON, with the names of the contract: what a script reads, and what can be given back.</summary>
internal static class ContractJson
{
    private static readonly JsonFormatter OneLine = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));
    private static readonly JsonFormatter Lines = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithIndentation());

    /// <summary>Over several lines. A list that is empty is there all the same, for scripts that go through it.</summary>
    public static string Indented(IMessage message) =>
        message.CalculateSize() == 0 && message.Descriptor.Fields.InDeclarationOrder() is [{ IsRepeated: true } list, ..]
            ? $"{{\n  \"{list.Name}\": []\n}}"
            : Lines.Format(message);

    /// <summary>On one line.</summary>
    public static string Line(IMessage message) => OneLine.Format(message);
}

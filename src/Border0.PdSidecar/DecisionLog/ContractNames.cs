using System.Text;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;

namespace Border0.PdSidecar.DecisionLog;

/// <summary>The names that enum values have in the contract, in UTF-8.</summary>
internal static class ContractNames
{
    private static readonly byte[][] Codes = Values(DecisionReflection.Descriptor, nameof(ReasonCode));
    private static readonly byte[][] Causes = Values(SessionReflection.Descriptor, nameof(RevocationCause));
    private static readonly byte[][] Entities = Values(SessionReflection.Descriptor, nameof(InitiatingEntity));

    /// <summary>"REASON_CODE_NOT_ON_CALL".</summary>
    public static ReadOnlySpan<byte> Of(ReasonCode code) => Of(Codes, (int)code);

    /// <summary>"REVOCATION_CAUSE_SHIFT_ENDED".</summary>
    public static ReadOnlySpan<byte> Of(RevocationCause cause) => Of(Causes, (int)cause);

    /// <summary>"INITIATING_ENTITY_POLICY".</summary>
    public static ReadOnlySpan<byte> Of(InitiatingEntity entity) => Of(Entities, (int)entity);

    private static byte[] Of(byte[][] values, int number) => (uint)number < (uint)values.Length ? values[number] : values[0];

    private static byte[][] Values(FileDescriptor file, string name)
    {
        var known = file.EnumTypes.Single(e => e.Name == name).Values;
        var values = new byte[known.Max(v => v.Number) + 1][];
        Array.Fill(values, Encoding.UTF8.GetBytes(known.Single(v => v.Number == 0).Name));
        foreach (var value in known)
        {
            values[value.Number] = Encoding.UTF8.GetBytes(value.Name);
        }

        return values;
    }
}

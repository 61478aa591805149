using System.Buffers;
using System.Runtime.InteropServices;
using Border0.PdSidecar.V1;
using Google.Protobuf;

namespace Border0.PdSidecar.Rpc;

/// <summary>One message of an EvaluateStream's answers, as it is sent: an <see cref="EvaluateStreamResponse"/>.</summary>
internal sealed class StreamAnswer
{
    private static readonly int TagSize = CodedOutputStream.ComputeTagSize(EvaluateStreamResponse.ResponsesFieldNumber);

    private readonly List<EvaluationAnswer> _answers = [];
    private readonly List<EvaluateFailure> _failures = [];

    /// <summary>Whether it says nothing.</summary>
    public bool IsEmpty => _answers.Count + _failures.Count == 0;

    /// <summary>The message's length in bytes.</summary>
    public int Size { get; private set; }

    /// <summary>Adds an answer.</summary>
    public void Add(EvaluationAnswer answer)
    {
        _answers.Add(answer);
        Size += TagSize + CodedOutputStream.ComputeLengthSize(answer.Bytes.Length) + answer.Bytes.Length;
    }

    /// <summary>Adds what a request has instead of an answer.</summary>
    public void Add(EvaluateFailure failure)
    {
        _failures.Add(failure);
        Size += TagSize + CodedOutputStream.ComputeMessageSize(failure);
    }

    /// <summary>Writes the message, piece by piece: a large one does not need its room in one piece.</summary>
    public void WriteTo(IBufferWriter<byte> to)
    {
        foreach (var answer in CollectionsMarshal.AsSpan(_answers))
        {
            Begin(to, EvaluateStreamResponse.ResponsesFieldNumber, answer.Bytes.Length);
            to.Write(answer.Bytes);
        }

        foreach (var failure in _failures)
        {
            Begin(to, EvaluateStreamResponse.FailuresFieldNumber, failure.CalculateSize());
            failure.WriteTo(to);
        }
    }

    private static void Begin(IBufferWriter<byte> to, int field, int length)
    {
        var room = to.GetSpan(6);
        room[0] = (byte)(field << 3 | 2);
        var at = 1;
        for (; length >= 128; length >>= 7)
        {
            room[at++] = (byte)(length | 128);
        }

        room[at++] = (byte)length;
        to.Advance(at);
    }
}

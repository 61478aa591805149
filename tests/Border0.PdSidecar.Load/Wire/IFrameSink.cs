namespace Border0.PdSidecar.Load.Wire;

/// <summary>Takes what arrives on a connection, on the thread that reads it.</summary>
internal interface IFrameSink
{
    void OnData(int stream, ReadOnlySpan<byte> payload);

    /// <summary>The server has said everything on the stream.</summary>
    void OnEnd(int stream);
}

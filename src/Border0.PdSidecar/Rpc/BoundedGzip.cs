using System.IO.Compression;
using Grpc.Net.Compression;

namespace Border0.PdSidecar.Rpc;

/// <summary>gzip for messages, whose size is bounded uncompressed too: four megabytes of zeros are four kilobytes on the wire.</summary>
/// <param name="maxSize">What a message may have at most, uncompressed.</param>
internal sealed class BoundedGzip(int maxSize) : ICompressionProvider
{
    public string EncodingName => "gzip";

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        new GZipStream(stream, compressionLevel ?? CompressionLevel.Fastest, leaveOpen: true);

    public Stream CreateDecompressionStream(Stream stream) => new Bounded(new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true), maxSize);

    /// <summary>Reads on until it is too much.</summary>
    private sealed class Bounded(GZipStream inner, int maxSize) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _read;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            _read += read;
            return _read <= maxSize ? read : throw RpcErrors.Exhausted("MESSAGE_TOO_LARGE", $"the message has more than {maxSize} bytes uncompressed");
        }

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

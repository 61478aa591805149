using Border0.PdSidecar.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Border0.PdSidecar.Hosting;

/// <summary>
/// The limits that Kestrel keeps. Without any option it also answers a flood of reset streams with ENHANCE_YOUR_CALM, closes
/// connections without a call after 130 s, and wants a request's headers within 30 s.
/// </summary>
internal static class KestrelLimits
{
    /// <summary>What is read ahead of each connection. Kestrel's megabyte would be a gigabyte for a thousand callers.</summary>
    private const int RequestBuffer = 128 << 10;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    public static void Apply(KestrelServerLimits kestrel, CallLimits limits)
    {
        kestrel.MaxConcurrentConnections = limits.MaxConnections;
        kestrel.MaxRequestBufferSize = RequestBuffer;
        kestrel.MaxRequestHeadersTotalSize = limits.MaxHeaderSize;
        kestrel.Http2.MaxStreamsPerConnection = limits.MaxStreamsPerConnection;
        kestrel.Http2.MaxRequestHeaderFieldSize = Math.Min(limits.MaxHeaderSize, kestrel.Http2.MaxRequestHeaderFieldSize);
        kestrel.Http2.KeepAlivePingDelay = limits.KeepAliveInterval;
        kestrel.Http2.KeepAlivePingTimeout = limits.KeepAliveTimeout;
        kestrel.MinRequestBodyDataRate = kestrel.MinResponseDataRate = limits.MinDataRate == 0 ? null : new MinDataRate(limits.MinDataRate, Grace);
    }
}

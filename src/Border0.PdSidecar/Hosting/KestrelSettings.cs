using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Border0.PdSidecar.Hosting;

/// <summary>How Kestrel serves, whatever it listens on.</summary>
internal static class KestrelSettings
{
    // A file of its own, since the bare server that eng/bench measures against is compiled with it.
    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 256;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        kestrel.Limits.MaxRequestBodySize = null;
    }
}

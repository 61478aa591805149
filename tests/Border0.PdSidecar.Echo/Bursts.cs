using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Border0.PdSidecar.Echo;

/// <summary>Tells every open watch how many messages to send at once.</summary>
internal sealed class Bursts
{
    private readonly ConcurrentDictionary<ChannelWriter<int>, bool> _watches = new();

    public void Send(int messages)
    {
        foreach (var watch in _watches.Keys)
        {
            watch.TryWrite(messages);
        }
    }

    /// <summary>The bursts of one watch, until it ends.</summary>
    public async IAsyncEnumerable<int> Watch([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateUnbounded<int>();
        _watches[channel.Writer] = true;
        try
        {
            // The first, so that the watcher knows that it is heard.
            yield return 1;
            await foreach (var messages in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return messages;
            }
        }
        finally
        {
            _watches.TryRemove(channel.Writer, out _);
        }
    }
}

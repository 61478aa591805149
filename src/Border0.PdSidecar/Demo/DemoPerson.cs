using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Border0.PdSidecar.Demo;

/// <summary>Somebody's connection through the connector, as they see it.</summary>
internal sealed class DemoPerson : IDisposable
{
    private readonly TcpClient _client = new();

    private DemoPerson()
    {
    }

    /// <summary>What the connector said first: "welcome" or "denied".</summary>
    public string Greeting { get; private set; } = "";

    public static async Task<DemoPerson> ConnectAsync(IPEndPoint endpoint, string email, CancellationToken cancellation)
    {
        var person = new DemoPerson();
        await person._client.ConnectAsync(endpoint, cancellation);
        await person._client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(email + "\n"), cancellation);
        person.Greeting = (await person.ReadAsync(cancellation)).Trim();
        return person;
    }

    /// <summary>Sends something and returns what comes back.</summary>
    public async Task<string> SayAsync(string text, CancellationToken cancellation)
    {
        await _client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        return await ReadAsync(cancellation);
    }

    /// <summary>Waits until the connection is closed from the other side.</summary>
    public async Task WhenClosedAsync(CancellationToken cancellation)
    {
        try
        {
            while ((await ReadAsync(cancellation)).Length > 0)
            {
                // Echoes that were still under way.
            }
        }
        catch (IOException)
        {
            // Cut rather than closed: closed all the same.
            return;
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> ReadAsync(CancellationToken cancellation)
    {
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await _client.GetStream().ReadAsync(buffer, cancellation));
    }
}

using System.Text;
using Border0.PdSidecar.Storage.Etcd.Connection.Protocol;
using Grpc.Core;

namespace Border0.PdSidecar.Storage.Etcd.Connection;

/// <summary>The token that a user's calls carry. It is asked for when it is first needed, and again when a member does not know it any more. Thread-safe.</summary>
internal sealed class EtcdLogin(EtcdOptions options)
{
    private volatile string? _token;

    /// <summary>What a call to a member carries: that it wants a member with a leader, and who asks.</summary>
    /// <exception cref="RpcException">The member does not answer, or refuses the user.</exception>
    /// <exception cref="EtcdRefusedException">The password's file cannot be read.</exception>
    public async Task<Metadata> HeadersAsync(EtcdMember member, CancellationToken cancellation)
    {
        // A member that is cut off from the others says so at once, and ends its streams, instead of waiting with us.
        var headers = new Metadata { { "hasleader", "true" } };
        if (options.User.Length > 0)
        {
            _token ??= await AuthenticateAsync(member, cancellation);
            headers.Add("token", _token);
        }

        return headers;
    }

    /// <summary>A member does not know the token of these headers.</summary>
    /// <returns>Whether asking for another one may help.</returns>
    public bool Expired(Metadata? headers)
    {
        if (options.User.Length == 0)
        {
            return false;
        }

        // Unless somebody else has got a new one meanwhile.
        if (headers?.GetValue("token") == _token)
        {
            _token = null;
        }

        return true;
    }

    private async Task<string> AuthenticateAsync(EtcdMember member, CancellationToken cancellation)
    {
        string password;
        try
        {
            password = File.ReadAllText(options.PasswordFile, Encoding.UTF8).ReplaceLineEndings("\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EtcdRefusedException($"etcd_password_file: {options.PasswordFile} cannot be read: {e.Message}", e);
        }

        var request = new AuthenticateRequest { Name = options.User, Password = password.EndsWith('\n') ? password[..^1] : password };
        return (await member.Auth.AuthenticateAsync(request, new CallOptions(deadline: Deadlines.In(options.AttemptTimeout), cancellationToken: cancellation))).Token;
    }
}

using Border0.PdSidecar.Access;
using Border0.PdSidecar.Storage.Tokens;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Border0.PdSidecar.Tests.Access;

/// <summary>Every method against every set of roles and every way to be known, over real channels: with which status an empty request ends.</summary>
public sealed class RoleMatrixTests : IDisposable
{
    // Written down once more, from the issue and not from the table: who may call it, and what an empty request is answered then.
    private static readonly Dictionary<string, (string Roles, StatusCode Empty)> Wanted = new()
    {
        ["CreateIntegration"] = ("admin", StatusCode.InvalidArgument),
        ["GetIntegration"] = ("admin viewer", StatusCode.InvalidArgument),
        ["ListIntegrations"] = ("admin viewer", StatusCode.OK),
        ["UpdateIntegration"] = ("admin", StatusCode.InvalidArgument),
        ["DeleteIntegration"] = ("admin", StatusCode.InvalidArgument),
        ["CheckIntegration"] = ("admin", StatusCode.InvalidArgument),
        ["SyncIntegration"] = ("admin", StatusCode.InvalidArgument),
        ["ListPagerDutyServices"] = ("admin viewer", StatusCode.InvalidArgument),
        ["CreatePolicy"] = ("admin", StatusCode.InvalidArgument),
        ["GetPolicy"] = ("admin viewer", StatusCode.InvalidArgument),
        ["ListPolicies"] = ("admin viewer", StatusCode.OK),
        ["UpdatePolicy"] = ("admin", StatusCode.InvalidArgument),
        ["DeletePolicy"] = ("admin", StatusCode.InvalidArgument),
        ["AttachPolicy"] = ("admin", StatusCode.InvalidArgument),
        ["DetachPolicy"] = ("admin", StatusCode.InvalidArgument),
        ["TestPolicy"] = ("admin viewer", StatusCode.InvalidArgument),
        ["ListEligibleUsers"] = ("admin viewer", StatusCode.InvalidArgument),
        ["Evaluate"] = ("connector", StatusCode.InvalidArgument),
        ["EvaluateStream"] = ("connector", StatusCode.OK),
        ["WatchSessions"] = ("connector", StatusCode.InvalidArgument),
        ["EndSession"] = ("connector", StatusCode.InvalidArgument),
        ["RevokeSession"] = ("admin", StatusCode.InvalidArgument),
        ["ListSessions"] = ("admin viewer", StatusCode.OK),
        ["WatchActivity"] = ("admin viewer", StatusCode.OK),
    };

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(180), TimeProvider.System);
    private readonly Dictionary<Roles, string> _tokens = [];

    private static IEnumerable<Roles> EverySet => Enumerable.Range(1, (int)Roles.All).Select(r => (Roles)r);

    private static IEnumerable<MethodDescriptor> Methods =>
        ((ServiceDescriptor[])[IntegrationService.Descriptor, PolicyService.Descriptor, EvaluationService.Descriptor, ActivityService.Descriptor]).SelectMany(s => s.Methods);

    private static IEnumerable<MethodDescriptor> OpenMethods => Health.Descriptor.Methods.Concat(Grpc.Reflection.V1Alpha.ServerReflection.Descriptor.Methods);

    public void Dispose() => _patience.Dispose();

    [Fact]
    public void EveryMethod_HasARow() =>
        Assert.Equal(Wanted.Keys.Order(StringComparer.Ordinal), Methods.Select(m => m.Name).Order(StringComparer.Ordinal));

    [Fact]
    public async Task OnThisMachine_EveryRole_MayCallWhatIsItsOwn_AndNothingElse()
    {
        await using var host = await RunningHost.StartAsync(_patience.Token, tokens: MakeTokensAsync);

        foreach (var (roles, token) in _tokens)
        {
            await AssertAsync("token over loopback", host.Tcp, $"Bearer {token}", roles);
            await AssertAsync("token over the Unix socket", host.Channel, $"Bearer {token}", roles);
        }

        await AssertAsync("loopback", host.Tcp, null, Roles.Connector | Roles.Viewer);
        await AssertAsync("the Unix socket's own user", host.Channel, null, Roles.All);
        await AssertAsync("wrong token", host.Channel, "Bearer wrong", Roles.None, StatusCode.Unauthenticated);
    }

    [Fact]
    public async Task BeyondLoopback_EveryRole_MayCallWhatIsItsOwn_AndNothingElse()
    {
        var rules = string.Join(", ", EverySet.Select(r => $"cn:r{(int)r}={string.Join('+', RoleNames.Of(r))}"));
        await using var host = await TlsHost.StartAsync(_patience.Token, MakeTokensAsync, rules);
        using var admin = host.ClientAuthority.Certify($"CN=r{(int)Roles.All}", []);
        using var stranger = host.ClientAuthority.Certify("CN=r0", []);
        var (withoutCertificate, asAdmin, asStranger) = (host.Connect(), host.Connect(admin), host.Connect(stranger));

        foreach (var roles in EverySet)
        {
            using var certificate = host.ClientAuthority.Certify($"CN=r{(int)roles}", []);
            await AssertAsync("certificate", host.Connect(certificate), null, roles);
            await AssertAsync("token over TLS", withoutCertificate, $"Bearer {_tokens[roles]}", roles);
            await AssertAsync("token over a stranger's certificate", asStranger, $"Bearer {_tokens[roles]}", roles);
            await AssertAsync("token over an administrator's certificate", asAdmin, $"Bearer {_tokens[roles]}", roles);
        }

        await AssertAsync("a certificate that no rule fits", asStranger, null, Roles.None);
        await AssertAsync("nothing", withoutCertificate, null, Roles.None, StatusCode.Unauthenticated);
        await AssertAsync("wrong token over an administrator's certificate", asAdmin, "Bearer wrong", Roles.None, StatusCode.Unauthenticated);
        foreach (var method in OpenMethods)
        {
            foreach (var channel in (GrpcChannel[])[withoutCertificate, asStranger])
            {
                Assert.Equal(StatusCode.OK, (await AnyMethod.CallAsync(channel, method, null, _patience.Token)).StatusCode);
            }
        }
    }

    [Fact]
    public async Task HealthAndReflection_AreForEverybody_ButNotWithAWrongToken()
    {
        await using var host = await RunningHost.StartAsync(_patience.Token, with: o => o with { LoopbackRoles = Roles.None });

        foreach (var method in OpenMethods)
        {
            Assert.Equal(StatusCode.OK, (await AnyMethod.CallAsync(host.Tcp, method, null, _patience.Token)).StatusCode);
            Assert.Equal(StatusCode.Unauthenticated, (await AnyMethod.CallAsync(host.Tcp, method, "Bearer wrong", _patience.Token)).StatusCode);
        }

        await AssertAsync("loopback without roles", host.Tcp, null, Roles.None, StatusCode.Unauthenticated);
    }

    private async Task MakeTokensAsync(TokenFile file)
    {
        foreach (var roles in EverySet)
        {
            _tokens[roles] = (await file.CreateAsync($"t{(int)roles}", string.Join(' ', RoleNames.Of(roles)), null, null, "test", _patience.Token))!.Value.Text;
        }
    }

    private async Task AssertAsync(string by, GrpcChannel channel, string? authorization, Roles roles, StatusCode refusal = StatusCode.PermissionDenied)
    {
        foreach (var method in Methods)
        {
            var wanted = Wanted[method.Name];
            var status = await AnyMethod.CallAsync(channel, method, authorization, _patience.Token);
            var may = wanted.Roles.Split(' ').Any(name => RoleNames.Of(roles).Contains(name));
            Assert.True((may ? wanted.Empty : refusal) == status.StatusCode, $"{by}: {RoleNames.Said(roles)} calls {method.Name}: {status}");
        }
    }
}

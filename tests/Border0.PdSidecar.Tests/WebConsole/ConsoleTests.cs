using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Border0.PdSidecar.Configuration;
using Border0.PdSidecar.Hosting;
using Border0.PdSidecar.Tests.Hosting;
using Border0.PdSidecar.V1;
using Border0.PdSidecar.WebConsole;
using Google.Protobuf;

namespace Border0.PdSidecar.Tests.WebConsole;

/// <summary>The console as strangers meet it, and as its own page does: over HTTP, against the whole sidecar.</summary>
public sealed partial class ConsoleTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120), TimeProvider.System);
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None });
    private readonly Dictionary<string, string> _tokens = [];
    private RunningHost _host = null!;

    private string At => _host.Host.Endpoints.Http;

    public async Task InitializeAsync() => _host = await RunningHost.StartAsync(
        _patience.Token,
        with: o => o with { ConsoleHosts = ["console.example.com"] },
        tokens: async file =>
        {
            foreach (var role in (string[])["admin", "viewer", "connector"])
            {
                _tokens[role] = (await file.CreateAsync(role, role, null, null, "test", _patience.Token))!.Value.Text;
            }
        });

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _patience.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.1:8080", 200)]
    [InlineData("[::1]:50552", 200)]
    [InlineData("localhost:8080", 200)]
    [InlineData("console.example.com", 200)]
    [InlineData("CONSOLE.example.com:443", 200)]
    [InlineData("evil.example.com", 403)]
    [InlineData("localhost.evil.example.com", 403)]
    [InlineData("console.example.com.evil.example", 403)]
    public async Task OnlyKnownHosts_AreServed(string host, int status)
    {
        foreach (var path in (string[])["", "app.js", "session", "api/border0.pdsidecar.v1.PolicyService/ListPolicies"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{At}/console/{path}") { Headers = { Host = host } };
            using var response = await _http.SendAsync(request, _patience.Token);
            Assert.Equal(status == 403, response.StatusCode == HttpStatusCode.Forbidden);
            if (path.Length == 0)
            {
                Assert.Equal(status, (int)response.StatusCode);
            }
        }
    }

    [Theory]
    [InlineData("Origin", "http://{at}", true)]
    [InlineData("Origin", "http://evil.example.com", false)]
    [InlineData("Origin", "http://127.0.0.1:1", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    public async Task AnotherSitesPage_CallsNothing_EvenWithAToken(string header, string value, bool isLetIn)
    {
        using var request = Call("ListPolicies", new ListPoliciesRequest(), _tokens["admin"]);
        request.Headers.Add(header, value.Replace("{at}", At, StringComparison.Ordinal));
        using var response = await _http.SendAsync(request, _patience.Token);

        Assert.Equal(isLetIn ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task ALinkFromAnotherSite_IsFollowed_AndNothingElseOfIt()
    {
        using var link = new HttpRequestMessage(HttpMethod.Get, $"http://{At}/console/");
        link.Headers.Add("Sec-Fetch-Site", "cross-site");
        link.Headers.Add("Sec-Fetch-Mode", "navigate");
        link.Headers.Add("Sec-Fetch-Dest", "document");
        using var followed = await _http.SendAsync(link, _patience.Token);
        using var framed = new HttpRequestMessage(HttpMethod.Get, $"http://{At}/console/");
        framed.Headers.Add("Sec-Fetch-Site", "cross-site");
        framed.Headers.Add("Sec-Fetch-Mode", "navigate");
        framed.Headers.Add("Sec-Fetch-Dest", "iframe");
        using var refused = await _http.SendAsync(framed, _patience.Token);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (followed.StatusCode, refused.StatusCode));
    }

    [Fact]
    public async Task WithoutAToken_NothingIsCalled_ThoughLoopbackMayLook()
    {
        foreach (var (token, status) in ((string?, string)[])[(null, "16"), ("pdsc_wrong", "16"), (_tokens["connector"], "7"), (_tokens["viewer"], "0"), (_tokens["admin"], "0")])
        {
            using var response = await _http.SendAsync(Call("ListPolicies", new ListPoliciesRequest(), token), _patience.Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.StartsWith("application/grpc-web", response.Content.Headers.ContentType!.MediaType, StringComparison.Ordinal);
            Assert.Equal(status, await StatusAsync(response));
        }
    }

    [Fact]
    public async Task AViewer_ChangesNothing_AndAnAdministratorDoes()
    {
        var create = new CreatePolicyRequest { Policy = new Policy { Name = "new", OrgWide = true } };
        using var viewer = await _http.SendAsync(Call("CreatePolicy", create, _tokens["viewer"]), _patience.Token);
        Assert.Equal("7", await StatusAsync(viewer));
        Assert.Empty((await new PolicyService.PolicyServiceClient(_host.Channel).ListPoliciesAsync(new ListPoliciesRequest())).Policies);

        using var admin = await _http.SendAsync(Call("CreatePolicy", create, _tokens["admin"]), _patience.Token);
        Assert.Equal("0", await StatusAsync(admin));
        Assert.Single((await new PolicyService.PolicyServiceClient(_host.Channel).ListPoliciesAsync(new ListPoliciesRequest())).Policies);
    }

    [Theory]
    [InlineData("border0.pdsidecar.v1.EvaluationService/Evaluate")]
    [InlineData("border0.pdsidecar.v1.EvaluationService/WatchSessions")]
    [InlineData("grpc.health.v1.Health/Check")]
    [InlineData("metrics")]
    [InlineData("readyz")]
    public async Task WhatTheConsoleHasNoUseFor_IsNotThere(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{At}/console/api/{path}") { Content = Framed([]) };
        request.Headers.Add("Authorization", $"Bearer {_tokens["admin"]}");
        using var response = await _http.SendAsync(request, _patience.Token);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("application/grpc")]
    public async Task WhatAFormCanSend_IsRefused(string type)
    {
        using var request = Call("ListPolicies", new ListPoliciesRequest(), _tokens["admin"]);
        request.Content!.Headers.ContentType = new(type);
        using var response = await _http.SendAsync(request, _patience.Token);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Fact]
    public async Task TheOtherListener_ServesNoWebCalls()
    {
        using var request = Call("ListPolicies", new ListPoliciesRequest(), _tokens["admin"]);
        request.RequestUri = new Uri($"http://{_host.Host.Endpoints.GrpcTcp}{request.RequestUri!.AbsolutePath}");
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        using var response = await _http.SendAsync(request, _patience.Token);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Session_SaysWhoItIs_OrWhyItIsNobody()
    {
        foreach (var (token, status, roles) in ((string?, int, string)[])[(_tokens["admin"], 200, "admin"), (_tokens["viewer"], 200, "viewer"), (_tokens["connector"], 403, ""), ("pdsc_x", 401, ""), (null, 401, "")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{At}/console/session");
            if (token is not null)
            {
                request.Headers.Add("Authorization", $"Bearer {token}");
            }

            using var response = await _http.SendAsync(request, _patience.Token);
            var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(_patience.Token)).RootElement;
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal(status == 200 ? roles : "", answer.TryGetProperty("roles", out var given) ? given[0].GetString() : "");
            Assert.Equal(status != 200, answer.TryGetProperty("message", out _));
            Assert.True(response.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task Pages_AreRestricted_Compressed_AndAskedForOnce()
    {
        using var plain = await _http.GetAsync($"http://{At}/console/", _patience.Token);
        var policy = plain.Headers.GetValues("Content-Security-Policy").Single();
        foreach (var part in (string[])["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "connect-src 'self'", "require-trusted-types-for 'script'"])
        {
            Assert.Contains(part, policy, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal(("nosniff", "no-referrer"), (plain.Headers.GetValues("X-Content-Type-Options").Single(), plain.Headers.GetValues("Referrer-Policy").Single()));
        using var packed = await SendAsync("app.js", r => r.Headers.Add("Accept-Encoding", "br, gzip"));
        Assert.Equal("gzip", packed.Content.Headers.ContentEncoding.Single());
        using var again = await SendAsync("app.js", r => r.Headers.IfNoneMatch.Add(packed.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var changed = await SendAsync("app.js", r => r.Headers.IfNoneMatch.Add(new("\"other\"", isWeak: true)));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        using var redirected = await _http.GetAsync($"http://{At}/console", _patience.Token);
        Assert.Equal("/console/", redirected.Headers.Location!.ToString());
        foreach (var missing in (string[])["nothing.js", "../pdsidecar.db", "%2e%2e/encryption.key", "app.js/", "App.js", "styles", "index.html.gz"])
        {
            using var response = await SendAsync(missing);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }

        using var posted = await _http.PostAsync(new Uri($"http://{At}/console/"), null, _patience.Token);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, posted.StatusCode);
    }

    [Fact]
    public async Task EveryFile_IsServed_AndNamesNoOtherHost_AndMakesNoMarkup()
    {
        var files = typeof(SidecarHost).Assembly.GetManifestResourceNames().Where(n => n.StartsWith("console/", StringComparison.Ordinal)).ToList();
        Assert.Contains("console/index.html", files);
        foreach (var file in files)
        {
            using var response = await SendAsync(file["console/".Length..]);
            Assert.True(response.StatusCode == HttpStatusCode.OK, file);
            var text = await response.Content.ReadAsStringAsync(_patience.Token);
            Assert.All(Hosts().Matches(text), m => Assert.Equal("www.w3.org", m.Groups[1].Value));
            Assert.False(Markup().IsMatch(text), $"{file} turns text into markup or code");
            foreach (Match import in Imports().Matches(text))
            {
                var named = new Uri(new Uri("http://x/" + file), import.Groups[1].Value).AbsolutePath.TrimStart('/');
                Assert.Contains(named, files);
            }
        }
    }

    [Theory]
    [InlineData(ConsoleMode.Loopback, "127.0.0.1", true)]
    [InlineData(ConsoleMode.Loopback, "::1", true)]
    [InlineData(ConsoleMode.Loopback, "0.0.0.0", false)]
    [InlineData(ConsoleMode.On, "0.0.0.0", true)]
    [InlineData(ConsoleMode.Off, "127.0.0.1", false)]
    public void TheConsole_IsServed_WhereTheOptionsSaySo(ConsoleMode mode, string host, bool isServed) =>
        Assert.Equal(isServed, ConsoleMapping.IsServed(new SidecarOptions { Console = mode, Http = new ListenAddress(host, 0) }));

    [Fact]
    public async Task SwitchedOff_NothingOfItIsThere()
    {
        await using var host = await RunningHost.StartAsync(_patience.Token, with: o => o with { Console = ConsoleMode.Off });
        foreach (var path in (string[])["", "/", "/app.js", "/session"])
        {
            using var response = await _http.GetAsync($"http://{host.Host.Endpoints.Http}/console{path}", _patience.Token);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string path, Action<HttpRequestMessage>? with = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{At}/console/{path}");
        with?.Invoke(request);
        return await _http.SendAsync(request, _patience.Token);
    }

    private HttpRequestMessage Call(string method, IMessage request, string? token)
    {
        var call = new HttpRequestMessage(HttpMethod.Post, $"http://{At}/console/api/border0.pdsidecar.v1.PolicyService/{method}") { Content = Framed(request.ToByteArray()) };
        if (token is not null)
        {
            call.Headers.Add("Authorization", $"Bearer {token}");
        }

        return call;
    }

    private static ByteArrayContent Framed(byte[] message) => new([0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message])
    {
        Headers = { ContentType = new("application/grpc-web+proto") },
    };

    /// <summary>In the headers where nothing else is said, else in the last frame.</summary>
    private static async Task<string> StatusAsync(HttpResponseMessage response) =>
        response.Headers.TryGetValues("grpc-status", out var status) ? status.Single()
        : Status().Match(Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync())).Groups[1].Value;

    [GeneratedRegex(@"grpc-status: ?(\d+)")]
    private static partial Regex Status();

    [GeneratedRegex(@"https?://([\w.-]+)")]
    private static partial Regex Hosts();

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\(|new Function|srcdoc|javascript:")]
    private static partial Regex Markup();

    [GeneratedRegex(@"(?:from|import) '(\.[^']+)'")]
    private static partial Regex Imports();
}

using System.CommandLine;

namespace Border0.PdSidecar.Commands.Sessions;

/// <summary>Who connects, and from where: what evaluate and test both ask about.</summary>
internal sealed class CallerOptions
{
    private readonly Option<string?> _user = new("--user") { Description = "the user who connects", HelpName = "EMAIL" };
    private readonly Option<string[]> _groups = new("--group") { Description = "a group of the user; may be given more than once", HelpName = "GROUP" };
    private readonly Option<string?> _account = new("--service-account") { Description = "the service account that connects, instead of a user", HelpName = "NAME" };
    private readonly Option<string?> _address = new("--client-ip") { Description = "the client's address", HelpName = "ADDRESS" };
    private readonly Option<string?> _country = new("--client-country") { Description = "the client's country (ISO 3166-1 alpha-2)", HelpName = "CODE" };
    private readonly Option<string?> _type = new("--socket-type") { Description = "the socket's type: ssh, database, http, tls, rdp, vnc, vpn, kubernetes …", HelpName = "TYPE" };

    public IEnumerable<Symbol> Symbols => [_user, _groups, _account, _type, _address, _country];

    public string User(ParseResult parsed) => parsed.GetValue(_user) ?? "";

    public string[] Groups(ParseResult parsed) => parsed.GetValue(_groups) ?? [];

    public string ServiceAccount(ParseResult parsed) => parsed.GetValue(_account) ?? "";

    public string ClientIp(ParseResult parsed) => parsed.GetValue(_address) ?? "";

    public string ClientCountry(ParseResult parsed) => parsed.GetValue(_country) ?? "";

    public string SocketType(ParseResult parsed) => parsed.GetValue(_type) ?? "";
}

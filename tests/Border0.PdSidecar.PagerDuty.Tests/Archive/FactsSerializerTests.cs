using System.IO.Compression;
using System.Text;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.PagerDuty.Archive;

namespace Border0.PdSidecar.PagerDuty.Tests.Archive;

public class FactsSerializerTests
{
    private const string AsOf = "\"AsOf\":\"2026-11-23T12:00:00+00:00\"";

    [Fact]
    public void Facts_ComeBackAsTheyWere()
    {
        var alice = new PagerDutyUser("PU1", "Alice", "alice@example.com");
        var now = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
        var service = new ServiceFacts { Id = "PS1", Exists = true, Name = "Payments", AsOf = now };
        var policy = new EscalationPolicyFacts { Id = "PEP1", Name = "EP", AsOf = now, KnownUntil = now.AddHours(1), Shifts = [new(alice, 1, null, null, null)] };
        var incidents = new IncidentFacts { ServiceId = "PS1", AsOf = now, Open = [new OpenIncident { Id = "Q1", Assignees = [alice] }] };

        var read = FactsSerializer.Read(FactsSerializer.Write(new IntegrationFacts
        {
            Services = new Dictionary<string, ServiceFacts> { ["PS1"] = service },
            Incidents = new Dictionary<string, IncidentFacts> { ["PS1"] = incidents },
            EscalationPolicies = new Dictionary<string, EscalationPolicyFacts> { ["PEP1"] = policy },
        }));

        Assert.Equal(service, read!.Services["PS1"]);
        Assert.True(read.Incidents["PS1"].SaysTheSameAs(incidents));
        Assert.True(read.EscalationPolicies["PEP1"].SaysTheSameAs(policy));
    }

    [Theory]
    [InlineData("{\"Version\":1}")]
    [InlineData("{\"Version\":1,\"Services\":null,\"Incidents\":[],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[null],\"Incidents\":[],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[{\"Id\":null,\"Exists\":true,\"Name\":\"n\"," + AsOf + "}],\"Incidents\":[],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[],\"Incidents\":[{\"ServiceId\":\"s\",\"Open\":null," + AsOf + "}],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[],\"Incidents\":[{\"ServiceId\":\"s\",\"Open\":[{\"Id\":\"a\",\"Title\":\"t\",\"Assignees\":[null],\"Acknowledgers\":[]}]," + AsOf + "}],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[],\"Incidents\":[{\"ServiceId\":\"s\",\"Open\":[{\"Id\":\"a\"},{\"Id\":\"a\"}]," + AsOf + "}],\"EscalationPolicies\":[]}")]
    [InlineData("{\"Version\":1,\"Services\":[],\"Incidents\":[],\"EscalationPolicies\":[{\"Id\":\"e\",\"Name\":\"n\",\"KnownUntil\":\"2026-11-23T12:00:00Z\",\"Shifts\":[{\"EscalationLevel\":1}]," + AsOf + "}]}")]
    public void FactsThatLackAPart_AreNone(string json)
    {
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(Encoding.UTF8.GetBytes(json));
        }

        Assert.Null(FactsSerializer.Read(bytes.ToArray()));
    }
}

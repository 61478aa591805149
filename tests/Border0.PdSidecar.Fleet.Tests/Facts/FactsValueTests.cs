using System.Collections.Immutable;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Fleet.Facts;
using CsCheck;
using Google.Protobuf;

namespace Border0.PdSidecar.Fleet.Tests.Facts;

public class FactsValueTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private static PublishedService Service { get; } = new(
        new ServiceFacts { Id = "P1", Exists = true, Name = "Payments", Status = "active", EscalationPolicyId = "E1", AsOf = Start },
        new IncidentFacts
        {
            ServiceId = "P1",
            AsOf = Start,
            ChangedAt = Start.AddSeconds(-3),
            Open = [new OpenIncident { Id = "Q1", Number = 7, Title = "down", Acknowledged = true, Assignees = [new PagerDutyUser("U1", "A", "a@example.com")] }],
        });

    [Fact]
    public void AService_IsReadAsItWasWritten()
    {
        var value = FactsValue.Write(Service, 42);

        Assert.True(FactsValue.TryReadToken(value.Span, out var token));
        Assert.Equal(42, token);
        var read = FactsValue.ReadService(value.Memory)!;
        Assert.True(read.SaysTheSameAs(Service));
        Assert.Equal((Start, Start, Start.AddSeconds(-3)), (read.Service!.AsOf, read.Incidents!.AsOf, read.Incidents.ChangedAt));
    }

    [Fact]
    public void APolicy_IsReadAsItWasWritten()
    {
        var policy = new EscalationPolicyFacts
        {
            Id = "E1",
            Name = "Payments",
            AsOf = Start,
            KnownUntil = Start.AddHours(12),
            Shifts = [new OnCallShift(new PagerDutyUser("U1", "A", "a@example.com"), 1, "S1", Start, Start.AddHours(8)), new OnCallShift(new PagerDutyUser("U2", "", ""), 2, null, null, null)],
        };

        var read = FactsValue.ReadPolicy(FactsValue.Write(policy, 1).Memory)!;

        Assert.True(read.SaysTheSameAs(policy));
        Assert.Equal((policy.AsOf, policy.KnownUntil), (read.AsOf, read.KnownUntil));
    }

    [Fact]
    public void ADamagedValue_IsNone_AndNeverMore() => Gen.Select(Gen.Int[0, 400], Gen.Byte, Gen.Int[0, 400]).Sample((at, b, length) =>
    {
        byte[] bytes = [.. FactsValue.Write(Service, 42).Span];
        bytes[at % bytes.Length] ^= b;
        var value = ByteString.CopyFrom(bytes.AsSpan(0, Math.Min(bytes.Length, 9 + length)));
        if (FactsValue.TryReadToken(value.Span, out _) && FactsValue.ReadService(value.Memory) is { } read)
        {
            Assert.True(FactsValueCheck.IsWhole(read));
        }
    });

    [Theory]
    [InlineData("""{"Service":{"Id":"P1","Exists":true,"Name":null,"AsOf":"2026-03-02T09:00:00+00:00"}}""")]
    [InlineData("""{"Incidents":{"ServiceId":"P1","Open":[null],"AsOf":"2026-03-02T09:00:00+00:00"}}""")]
    [InlineData("""{"Incidents":{"ServiceId":"P1","Open":[{"Id":"Q","Assignees":[{"Id":"U"}]}],"AsOf":"2026-03-02T09:00:00+00:00"}}""")]
    [InlineData("""{"Incidents":{"ServiceId":"P1","Open":[{"Id":"Q"},{"Id":"Q"}],"AsOf":"2026-03-02T09:00:00+00:00"}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void AValueThatLacksAPart_IsNone(string json)
    {
        using var bytes = new MemoryStream();
        bytes.Write(FactsValue.Write(Service, 42).Span[..9]);
        using (var deflated = new System.IO.Compression.DeflateStream(bytes, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            deflated.Write(System.Text.Encoding.UTF8.GetBytes(json));
        }

        Assert.Null(FactsValue.ReadService(bytes.ToArray()));
    }

    [Fact]
    public void AValueThatWouldExpandWithoutEnd_IsNone()
    {
        using var bytes = new MemoryStream();
        bytes.Write(FactsValue.Write(Service, 42).Span[..9]);
        using (var deflated = new System.IO.Compression.DeflateStream(bytes, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            deflated.Write(new byte[FactsValue.MaxExpanded + 1]);
        }

        Assert.Null(FactsValue.ReadService(bytes.ToArray()));
    }

    [Fact]
    public void Difference_IsWhatSaysSomethingElse_AndNotWhatIsOnlyOlder()
    {
        var published = new PublishedFacts();
        published.Services["P1"] = (Service, 1);
        published.Services["P2"] = (new PublishedService(Service.Service! with { Id = "P2" }, null), 1);
        var facts = new IntegrationFacts
        {
            Services = new Dictionary<string, ServiceFacts> { ["P1"] = Service.Service! with { AsOf = Start.AddHours(1) } },
            Incidents = new Dictionary<string, IncidentFacts> { ["P1"] = Service.Incidents! with { AsOf = Start.AddHours(1) } },
        };

        var difference = published.To(facts);
        Assert.Equal(["P2"], difference.GoneServices);
        Assert.Empty(difference.Services);

        var resolved = new IntegrationFacts { Services = facts.Services, Incidents = new Dictionary<string, IncidentFacts> { ["P1"] = Service.Incidents! with { Open = ImmutableArray<OpenIncident>.Empty } } };
        Assert.Equal("P1", Assert.Single(published.To(resolved).Services).Id);
    }
}

using System.IO.Compression;
using System.Text;
using Border0.PdSidecar.Engine.Facts;
using Border0.PdSidecar.Engine.Policies;
using Border0.PdSidecar.Fuzz.Inputs;
using Border0.PdSidecar.Fuzz.Running;
using Border0.PdSidecar.PagerDuty.Archive;
using Border0.PdSidecar.PagerDuty.Feeds;
using Border0.PdSidecar.PagerDuty.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace Border0.PdSidecar.Fuzz.Targets;

/// <summary>
/// Facts at rest: what is taken must be facts that one can decide by, publish news over and save again. The first byte of an input says
/// whether the others are the bytes or what the bytes unzip to.
/// </summary>
internal sealed class FactsAtRestTarget : FuzzTarget
{
    private readonly PolicySnapshot _policies = Account.Policies();

    public FactsAtRestTarget()
    {
        var alice = new PagerDutyUser("PU1", "Alice", "alice@example.com");
        var facts = new IntegrationFacts
        {
            Services = new Dictionary<string, ServiceFacts> { [Account.Service] = Service() },
            Incidents = new Dictionary<string, IncidentFacts>
            {
                [Account.Service] = new()
                {
                    ServiceId = Account.Service,
                    AsOf = Account.Now,
                    ChangedAt = Account.Now,
                    Open = [new OpenIncident { Id = "PINC1", Number = 7, Title = "Down", Acknowledged = true, Assignees = [alice], Acknowledgers = [alice] }],
                },
            },
            EscalationPolicies = new Dictionary<string, EscalationPolicyFacts>
            {
                ["PEP1"] = new()
                {
                    Id = "PEP1",
                    Name = "EP",
                    AsOf = Account.Now,
                    KnownUntil = Account.Now.AddHours(12),
                    Shifts = [new OnCallShift(alice, 1, "PS1", Account.Now.AddHours(-1), Account.Now.AddHours(8)), new OnCallShift(alice, 2, null, null, null)],
                },
            },
        };
        var bytes = FactsSerializer.Write(facts);
        using var zip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var json = new MemoryStream();
        zip.CopyTo(json);
        Examples = [[1, .. json.ToArray()], [0, .. bytes], [0], [1, .. "{\"Version\":1}"u8]];
    }

    public override string Name => "facts-at-rest";

    public override string About => "the facts that a restart begins with";

    public override int Longest => 128 * 1024;

    public override IReadOnlyList<byte[]> Examples { get; }

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. ((IReadOnlyList<string>)
        [
            "\"Services\":", "\"Incidents\":", "\"EscalationPolicies\":", "\"Shifts\":", "\"Open\":", "\"Id\":", "\"User\":", "\"Email\":", "\"AsOf\":", "\"Assignees\":", "\"Acknowledgers\":", "\"Title\":", "\"Name\":", "\"Version\":1", "[null]",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    // A deflated byte may stand for a thousand.
    public override long AllocationBound(int size) => (96L << 20) + 1024L * size;

    public override string Show(byte[] input) => InputText.Of(input);

    public override void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var bytes = input[1..];
        if (input[0] % 2 == 1)
        {
            using var zipped = new MemoryStream();
            using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
            {
                zip.Write(bytes);
            }

            bytes = zipped.ToArray();
        }

        if (FactsSerializer.Read(bytes) is not { } kept)
        {
            return;
        }

        var store = new FactsStore();
        var publisher = new FactsPublisher(Account.Integration, store, new PagerDutyFeedOptions(), new FakeTimeProvider(Account.Now));
        publisher.Restore(kept);
        Account.Decide(_policies, store.Current);
        publisher.Publish(new WebhookIncident("PINC1", Account.Service, false, true, 7, "Down", ["PU1"], "PU1"), Account.Now.AddSeconds(5));
        publisher.Publish(new WebhookIncident("PINC2", Account.Service, true, false, 8, "", [], null), Account.Now.AddSeconds(5));
        publisher.Publish(incidents: [new IncidentFacts { ServiceId = Account.Service, AsOf = Account.Now.AddSeconds(1) }], services: [Service()]);
        publisher.Forget((_, _) => true);
        Account.Decide(_policies, store.Current);
        var again = FactsSerializer.Read(FactsSerializer.Write(publisher.Current));
        FuzzFinding.Unless(again is not null, "what was taken and saved again is not taken");
    }

    private static ServiceFacts Service() => new() { Id = Account.Service, Exists = true, Name = "Payments", Status = "active", EscalationPolicyId = "PEP1", AsOf = Account.Now };
}

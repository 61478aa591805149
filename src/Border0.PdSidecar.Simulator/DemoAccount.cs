using Border0.PdSidecar.Simulator.Model;

namespace Border0.PdSidecar.Simulator;

/// <summary>A small company that the demo and a simulator that runs alone begin with.</summary>
public sealed class DemoAccount
{
    /// <summary>The read-only key that the account comes with.</summary>
    public const string ReadOnlyKey = "demo-read-only+key_1";

    /// <summary>Makes the account: Alice is on call for Payments now, Bob takes over; Carol is behind both.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="handOver">When Bob takes over from Alice; in eight hours unless given.</param>
    public DemoAccount(TimeProvider time, DateTimeOffset? handOver = null)
    {
        var now = time.GetUtcNow();
        Account = new PagerDutyAccount(time);
        Alice = Account.AddUser("Alice Martin", "alice@example.com");
        Bob = Account.AddUser("Bob Okafor", "bob@example.com");
        Carol = Account.AddUser("Carol Ito", "carol@example.com", "admin");
        Schedule = Account.AddSchedule("Payments primary");
        HandOver = handOver ?? now.AddHours(8);
        Account.PutOnCall(Schedule, Alice, now.AddHours(-8), HandOver);
        Account.PutOnCall(Schedule, Bob, HandOver, HandOver.AddHours(12));
        var payments = Account.AddEscalationPolicy("Payments", Schedule, Carol);
        Payments = Account.AddService("Payments", payments);
        Checkout = Account.AddService("Checkout", Account.AddEscalationPolicy("Checkout", Carol));
        Key = Account.AddKey(ReadOnlyKey);
    }

    /// <summary>The account.</summary>
    public PagerDutyAccount Account { get; }

    /// <summary>On call for Payments until the hand-over.</summary>
    public SimulatedUser Alice { get; }

    /// <summary>On call for Payments from the hand-over on.</summary>
    public SimulatedUser Bob { get; }

    /// <summary>Level 2 of Payments, and on call for Checkout, always.</summary>
    public SimulatedUser Carol { get; }

    /// <summary>The schedule of Payments' first level.</summary>
    public SimulatedSchedule Schedule { get; }

    /// <summary>When Bob takes over from Alice.</summary>
    public DateTimeOffset HandOver { get; }

    /// <summary>The service Payments.</summary>
    public SimulatedService Payments { get; }

    /// <summary>The service Checkout.</summary>
    public SimulatedService Checkout { get; }

    /// <summary>A read-only key.</summary>
    public SimulatedKey Key { get; }
}

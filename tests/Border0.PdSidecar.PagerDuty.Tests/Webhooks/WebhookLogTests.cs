using Border0.PdSidecar.PagerDuty.Webhooks;

namespace Border0.PdSidecar.PagerDuty.Tests.Webhooks;

public class WebhookLogTests
{
    private static readonly DateTimeOffset Begun = new(2026, 6, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Status_CountsBothKinds_AndTellsTheLastOfEach()
    {
        var log = new WebhookLog(Begun);
        log.Accepted(Begun.AddSeconds(1));
        log.Accepted(Begun.AddSeconds(2));
        log.Refused(Begun.AddSeconds(3), "first");
        log.Refused(Begun.AddSeconds(4), "second");
        log.Refused(Begun.AddSeconds(5), "third");

        var status = log.Status;
        Assert.Equal((2, 3, "third"), (status.Accepted, status.Refused, status.LastRefusal));
        Assert.Equal(Begun.AddSeconds(2), status.LastAcceptedTime.ToDateTimeOffset());
        Assert.Equal(Begun.AddSeconds(5), status.LastRefusedTime.ToDateTimeOffset());
    }

    [Fact]
    public void Status_IsACopy()
    {
        var log = new WebhookLog(Begun);
        log.Status.Accepted = 7;

        Assert.Equal(0, log.Status.Accepted);
    }

    [Fact]
    public void Silence_IsSinceTheLastAcceptedDelivery_ElseSinceTheBeginning()
    {
        var log = new WebhookLog(Begun);
        log.Refused(Begun.AddSeconds(5), "no");
        Assert.Equal(TimeSpan.FromSeconds(10), log.Silence(Begun.AddSeconds(10)));

        log.Accepted(Begun.AddSeconds(6));
        Assert.Equal(TimeSpan.FromSeconds(4), log.Silence(Begun.AddSeconds(10)));
    }
}

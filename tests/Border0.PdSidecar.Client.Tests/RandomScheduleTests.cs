using Grpc.Core;

namespace Border0.PdSidecar.Client.Tests;

/// <summary>
/// A sidecar with a log that breaks, repeats itself and forgets at random: every revocation arrives once, and in the log's order
/// as long as the log is not forgotten.
/// </summary>
public class RandomScheduleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Revocations_ArriveOnce_NoneIsLost(int seed)
    {
        const int sessions = 60;
        var random = new Random(seed);
        var (connector, watch) = await Connector.StartWatchingAsync(o => o with { MaxWaitingEvents = 4 });
        await using var end = connector;
        var keys = Enumerable.Range(0, sessions).Select(i => $"s{i}").ToList();
        await connector.OpenAsync(keys);

        var log = new List<string>();
        var next = 0;
        var forgotten = false;
        while (next < sessions)
        {
            switch (random.Next(6))
            {
                case 0:
                    watch.Fail(random.Next(2) == 0 ? StatusCode.Unavailable : StatusCode.ResourceExhausted);
                    watch = await ResumeAsync(connector, log);
                    break;
                case 1 when random.Next(4) == 0:
                    // Forgets: a revocation that was not sent yet is lost with the log, and made good from the client's list.
                    forgotten = true;
                    log.Add(keys[next++]);
                    watch.Resync("forgotten");
                    watch = await ResumeAsync(connector, log);
                    break;
                case 2 when log.Count > 0:
                    var old = random.Next(log.Count);
                    watch.Revoke(old + 2, log[old]);
                    break;
                default:
                    log.Add(keys[next++]);
                    watch.Revoke(log.Count + 1, log[^1]);
                    break;
            }
        }

        var told = new List<string>();
        for (var i = 0; i < sessions; i++)
        {
            told.Add((await connector.Handler.NextAsync()).Key);
        }

        Assert.Equal(keys, forgotten ? told.OrderBy(k => int.Parse(k[1..])) : told);
        Assert.Equal((0, 0), (connector.Client.SessionCount, connector.Handler.Waiting));
    }

    /// <summary>Answers a subscription as the contract says: everything after the token, or by the list when there is none.</summary>
    private static async Task<Subscription> ResumeAsync(Connector connector, List<string> log)
    {
        var watch = await connector.NextSubscriptionAsync();
        var from = watch.Request.ResumeToken.Length > 0 ? long.Parse(watch.Request.ResumeToken[1..]) : log.Count + 1;
        watch.Beat(from);
        if (watch.Request.ResumeToken.Length > 0)
        {
            for (var revision = from + 1; revision <= log.Count + 1; revision++)
            {
                watch.Revoke(revision, log[(int)revision - 2]);
            }
        }
        else
        {
            foreach (var key in watch.ListedKeys.Where(log.Contains).ToList())
            {
                // The repetition is a new entry of the log.
                log.Add(key);
                watch.Revoke(log.Count + 1, key);
            }
        }

        return watch;
    }
}

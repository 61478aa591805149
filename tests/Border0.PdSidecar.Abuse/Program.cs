using Border0.PdSidecar.Abuse;

if (args is [Abuser.Command, .. var abuser])
{
    return await Abuser.MainAsync(abuser);
}

var seconds = 5;
if (args is ["--seconds", var given, ..] && int.TryParse(given, out seconds))
{
    args = args[2..];
}

var wanted = Abuse.All.Where(a => args.Length == 0 || args.Contains(a.Name)).ToList();
if (wanted.Count == 0 || seconds < 1)
{
    await Console.Error.WriteLineAsync($"usage: Border0.PdSidecar.Abuse [--seconds N] [ABUSE ...]\nabuses: {string.Join(' ', Abuse.All.Select(a => a.Name))}");
    return 2;
}

Console.WriteLine("| abuse | what the abuser saw | sidecar's MB before / peak / after | another caller's p50 / p99 in ms, calm | abused | p99 ratio | verdict |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
var failed = 0;
foreach (var abuse in wanted.Prepend(Abuse.Harmless))
{
    var each = TimeSpan.FromSeconds(seconds);
    var run = await Run.OfAsync(abuse, scale: 4, calm: each, atLeast: each, atMost: each + TimeSpan.FromSeconds(30), rounds: 5, mostRatio: 2);
    Console.WriteLine(run);
    failed += run.Wrong.Length > 0 ? 1 : 0;
}

Console.WriteLine($"{wanted.Count + 1 - failed} of {wanted.Count + 1} within their bounds; a harmless load that is not says that the machine is too busy to tell");
return failed == 0 ? 0 : 1;

namespace Border0.PdSidecar.Console.Tests;

/// <summary>The console in a real browser.</summary>
public class ConsoleTests
{
    /// <summary>The demo's story through the page: a key, a policy, an incident, a session and its end, without a pointer.</summary>
    [Fact]
    public Task TheWholeStory_WithTheKeyboardOnly() => BrowserRun.RunAsync("story", connected: false);

    /// <summary>Every page and dialog at 360 and 1440 pixels, light and dark: nothing serious for axe, nothing beyond the edge.</summary>
    [Fact]
    public Task EveryPage_IsForEverybody() => BrowserRun.RunAsync("accessibility", connected: true);

    /// <summary>Strangers' pages, texts that look like markup, viewers, and where the token and the keys are not.</summary>
    [Fact]
    public Task ThePage_GivesNothingAway() => BrowserRun.RunAsync("security", connected: true);
}

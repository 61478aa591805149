using Border0.PdSidecar.Configuration;

namespace Border0.PdSidecar.Tests.Documentation;

public class ConfigurationReferenceTests
{
    private static readonly string Page = Repository.File("docs/configuration.md");

    public static TheoryData<string> Names => [.. OptionKeys.All.Select(k => k.Name)];

    /// <summary>With PDSIDECAR_WRITE_DOCS=1, which eng/docs sets, the page is written instead of compared.</summary>
    [Fact]
    public void Page_IsWhatTheOptionsSay()
    {
        var page = File.ReadAllText(Page);
        var at = page.IndexOf(OptionsPage.Begin, StringComparison.Ordinal);
        Assert.True(at >= 0, $"docs/configuration.md has lost its line {OptionsPage.Begin}");
        var wanted = page[..(at + OptionsPage.Begin.Length)] + OptionsPage.Render(OptionKeys.All);
        if (Environment.GetEnvironmentVariable("PDSIDECAR_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Page, wanted);
            return;
        }

        Assert.True(page == wanted, "docs/configuration.md is not what the options say now: run eng/docs, and commit what it writes");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Default_ThatTheDescriptionGives_IsTheDefault(string name)
    {
        var (key, defaults) = (OptionKeys.All.Single(k => k.Name == name), new SidecarOptions());
        if (OptionsPage.DefaultOf(key) is not { } text || text == "none" || text.Contains(' ', StringComparison.Ordinal) || text.StartsWith("DIR/", StringComparison.Ordinal) || text.Contains('\'', StringComparison.Ordinal))
        {
            // Nothing, a sentence, or a place that goes by another option: not what could be put in.
            return;
        }

        Assert.Equal(defaults, key.Put(defaults, text));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Range_IsAcceptedAtBothEnds(string name)
    {
        var (key, defaults) = (OptionKeys.All.Single(k => k.Name == name), new SidecarOptions());
        if (key.Range is { } range)
        {
            Assert.NotNull(key.Put(defaults, range.Least));
            Assert.NotNull(key.Put(defaults, range.Most));
        }
    }

    [Fact]
    public void AnOptionThatIsNew_FindsAPlace()
    {
        var page = OptionsPage.Render([.. OptionKeys.All, new OptionKey("weather_station", "NAME", "whom to ask (default: none)", (o, _) => o)]);

        Assert.Contains("\n## Weather\n\n### `weather_station`\n\nWhom to ask.\n\n`--weather-station NAME` · `PDSIDECAR_WEATHER_STATION` · default `none`\n", page, StringComparison.Ordinal);
    }
}

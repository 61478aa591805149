using System.Text.RegularExpressions;

namespace Border0.PdSidecar.Tests.Documentation;

/// <summary>Every relative link of the documentation leads somewhere, its anchor included.</summary>
public partial class LinksTests
{
    public static TheoryData<string> Pages =>
    [
        .. new[] { "README.md", "SECURITY.md", "examples/README.md" }
            .Concat(Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Repository.Root, f)))
            .Concat(Directory.Exists(Repository.File("deploy")) ? Directory.GetFiles(Repository.File("deploy"), "*.md", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Repository.Root, f)) : [])
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Links_LeadSomewhere(string page)
    {
        var broken = new List<string>();
        foreach (var link in LinksOf(File.ReadAllText(Repository.File(page))))
        {
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? Repository.File(page) : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.File(page))!, Uri.UnescapeDataString(parts[0])));
            if (!target.StartsWith(Repository.Root, StringComparison.Ordinal) || (!File.Exists(target) && !Directory.Exists(target)))
            {
                broken.Add($"{link}: there is no such file");
            }
            else if (parts.Length == 2 && target.EndsWith(".md", StringComparison.Ordinal) && !AnchorsOf(File.ReadAllText(target)).Contains(parts[1]))
            {
                broken.Add($"{link}: {Path.GetRelativePath(Repository.Root, target)} has no heading of that name");
            }
        }

        Assert.True(broken.Count == 0, $"{page}:\n{string.Join('\n', broken)}");
    }

    [Fact]
    public void WhatIsNoLink_IsNotTakenForOne_AndAnchorsAreGitHubs()
    {
        Assert.Equal(["a.md#b", "img.svg"], LinksOf("[x](a.md#b) `[y](no)` [z](https://example.com)\n```\n[n](no)\n```\n![i](img.svg)"));
        Assert.Equal(
            ["max_staleness", "twice", "twice-1", "what-who-says-ok"],
            AnchorsOf("# What *who* says: OK?\n## Twice\n```\n# no\n```\n## Twice\n### `max_staleness`").Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> LinksOf(string text) =>
        Link().Matches(WithoutCode(text)).Select(m => m.Groups[1].Value).Where(l => !l.Contains("://", StringComparison.Ordinal) && !l.StartsWith("mailto:", StringComparison.Ordinal));

    private static HashSet<string> AnchorsOf(string text)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(Fence().Replace(text, "")))
        {
            // As GitHub makes them: lower case, spaces to hyphens, nothing but letters, digits, "-" and "_"; repeated ones are numbered.
            var words = LinkText().Replace(heading.Groups[1].Value, "$1").Trim().ToLowerInvariant();
            var anchor = string.Concat(words.Where(c => char.IsLetterOrDigit(c) || c is '-' or '_' or ' ')).Replace(' ', '-');
            var unique = anchor;
            for (var n = 1; !anchors.Add(unique); n++)
            {
                unique = $"{anchor}-{n}";
            }
        }

        return [.. anchors.Concat(Named().Matches(text).Select(m => m.Groups[1].Value))];
    }

    private static string WithoutCode(string text) => Code().Replace(Fence().Replace(text, ""), "");

    [GeneratedRegex(@"(?ms)^ *```.*?^ *```")]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex(@"(?m)^#{1,6} +(.+?) *$")]
    private static partial Regex Heading();

    [GeneratedRegex("<a (?:id|name)=\"([^\"]+)\">")]
    private static partial Regex Named();
}

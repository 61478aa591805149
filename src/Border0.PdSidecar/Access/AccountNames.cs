using System.Globalization;

namespace Border0.PdSidecar.Access;

/// <summary>Users and groups of this machine, by /etc/passwd and /etc/group; those of a directory service go by their numbers.</summary>
internal static class AccountNames
{
    /// <summary>The number of a user, by its name or number; null when there is none of that name.</summary>
    public static uint? FindUser(string user) => Find("/etc/passwd", user);

    /// <summary>The number of a group, by its name or number; null when there is none of that name.</summary>
    public static uint? FindGroup(string group) => Find("/etc/group", group);

    /// <summary>The names of a user.</summary>
    public static IEnumerable<string> OfUser(uint user) => Lines("/etc/passwd").Where(l => Number(l) == user).Select(l => l[0]);

    private static uint? Find(string file, string name) =>
        uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : Lines(file).FirstOrDefault(l => l[0] == name) is { } line ? Number(line)
        : null;

    private static uint? Number(string[] line) => uint.TryParse(line[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IEnumerable<string[]> Lines(string file) =>
        File.Exists(file) ? File.ReadLines(file).Select(l => l.Split(':')).Where(l => l.Length > 2) : [];
}

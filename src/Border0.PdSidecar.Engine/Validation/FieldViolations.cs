using System.Text.RegularExpressions;

namespace Border0.PdSidecar.Engine.Validation;

/// <summary>One field that is not as it must be.</summary>
/// <param name="Field">Its path in the request: "policy.integrations[0].pagerduty_oncall.service_id".</param>
/// <param name="Description">What is wrong and what is accepted; never a secret's value.</param>
public sealed record FieldViolation(string Field, string Description);

/// <summary>Collects every bad field of a request, so that all are named at once.</summary>
/// <remarks>Bounded: a hostile request of thousands of bad fields gets the first hundred.</remarks>
public sealed partial class FieldViolations
{
    private const int Most = 100;
    private const int LongestField = 256;
    private List<FieldViolation>? _found;

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<FieldViolation> Found => _found ?? [];

    /// <summary>Whether nothing was found.</summary>
    public bool None => _found is null;

    /// <summary>Adds one.</summary>
    public void Add(string field, string description)
    {
        if (Found.Count < Most)
        {
            // A path may have a key in it that the caller made up.
            (_found ??= []).Add(new FieldViolation(field.Length <= LongestField ? field : field[..LongestField] + "...", description));
        }
    }

    /// <summary>A resource name: Border0's rule for integration names, "starts with an alphanumeric, only alphanumerics and dashes".</summary>
    public void RequireName(string field, string value)
    {
        if (value.Length == 0)
        {
            Add(field, "is required");
        }
        else if (value.Length > 63 || !Name().IsMatch(value))
        {
            Add(field, "must start with a letter or digit and contain only letters, digits and dashes, at most 63 characters");
        }
    }

    /// <summary>An organization's id, which may be empty.</summary>
    public void CheckOrganization(string field, string value)
    {
        if (value.Length > 0 && (value.Length > 63 || !Organization().IsMatch(value)))
        {
            Add(field, "must start with a letter or digit and contain only letters, digits, dots, dashes and underscores, at most 63 characters");
        }
    }

    /// <summary>A required text.</summary>
    public bool RequireText(string field, string value, int longest)
    {
        if (value.Length == 0)
        {
            Add(field, "is required");
            return false;
        }

        return CheckText(field, value, longest);
    }

    /// <summary>A text that may be empty: bounded, without control characters.</summary>
    public bool CheckText(string field, string value, int longest, bool lines = false)
    {
        if (value.Length > longest)
        {
            Add(field, $"must have at most {longest} characters, has {value.Length}");
            return false;
        }

        // Every field of every request comes by here.
        if (!value.AsSpan().ContainsAnyInRange('\0', '\x1f') && !value.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
        {
            return true;
        }

        foreach (var c in value)
        {
            if (char.IsControl(c) && !(lines && c is '\n' or '\t'))
            {
                Add(field, "must not contain control characters");
                return false;
            }
        }

        return true;
    }

    /// <summary>A list of at most so many entries; more are not looked at.</summary>
    public bool CheckCount(string field, int count, int most)
    {
        if (count <= most)
        {
            return true;
        }

        Add(field, $"must have at most {most} entries, has {count}");
        return false;
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9-]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Organization();
}

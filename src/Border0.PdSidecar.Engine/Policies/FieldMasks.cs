using Border0.PdSidecar.Engine.Validation;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Border0.PdSidecar.Engine.Policies;

/// <summary>Applies an update's field mask: absent, every field that is set; "*", all; else those that are named.</summary>
public static class FieldMasks
{
    /// <summary>Puts the masked fields of <paramref name="incoming"/> into <paramref name="target"/>.</summary>
    /// <param name="incoming">The new values.</param>
    /// <param name="target">What is changed.</param>
    /// <param name="mask">The mask, or null.</param>
    /// <param name="writable">The fields that may be named, by their top-level name. Nested paths below them may be named too.</param>
    /// <param name="found">Where violations go.</param>
    /// <returns>The top-level fields that were put.</returns>
    public static IReadOnlySet<string> Apply<T>(T incoming, T target, FieldMask? mask, IReadOnlySet<string> writable, FieldViolations found)
        where T : IMessage<T>
    {
        var fields = incoming.Descriptor.Fields;
        IEnumerable<string> paths = mask is null || mask.Paths.Count == 0 ? writable.Where(f => IsSet(fields[f], incoming))
            : mask.Paths is ["*"] ? writable
            : mask.Paths;
        var put = new HashSet<string>(StringComparer.Ordinal);
        var index = -1;
        foreach (var path in paths.ToList())
        {
            index++;
            var steps = path.Length > 256 ? [] : path.Split('.');
            if (steps.Length == 0 || !writable.Contains(steps[0]) || !TryPut(incoming, target, steps))
            {
                found.Add($"update_mask.paths[{index}]", "names no field that can be changed");
                continue;
            }

            put.Add(steps[0]);
        }

        return put;
    }

    /// <summary>Whether a field has another value than the one it begins with.</summary>
    public static bool IsSet(FieldDescriptor field, IMessage message) => field.Accessor.GetValue(message) switch
    {
        null => false,
        string text => text.Length > 0,
        bool flag => flag,
        System.Collections.ICollection items => items.Count > 0,
        IMessage => true,
        int number => number != 0,
        long number => number != 0,
        double number => number != 0,
        System.Enum value => Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture) != 0,
        _ => true,
    };

    private static bool TryPut(IMessage incoming, IMessage target, ReadOnlySpan<string> steps)
    {
        if (incoming.Descriptor.FindFieldByName(steps[0]) is not { } field)
        {
            return false;
        }

        if (steps.Length == 1)
        {
            Put(field, incoming, target);
            return true;
        }

        if (field.IsRepeated || field.IsMap || field.FieldType != FieldType.Message)
        {
            return false;
        }

        var from = (IMessage?)field.Accessor.GetValue(incoming);
        var to = (IMessage?)field.Accessor.GetValue(target);
        from ??= field.MessageType.Parser.ParseFrom(ByteString.Empty);
        if (to is null)
        {
            to = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            field.Accessor.SetValue(target, to);
        }

        return TryPut(from, to, steps[1..]);
    }

    private static void Put(FieldDescriptor field, IMessage incoming, IMessage target)
    {
        if (field.IsMap)
        {
            var (from, to) = ((System.Collections.IDictionary)field.Accessor.GetValue(incoming), (System.Collections.IDictionary)field.Accessor.GetValue(target));
            to.Clear();
            foreach (System.Collections.DictionaryEntry entry in from)
            {
                to.Add(entry.Key, entry.Value);
            }
        }
        else if (field.IsRepeated)
        {
            var (from, to) = ((System.Collections.IList)field.Accessor.GetValue(incoming), (System.Collections.IList)field.Accessor.GetValue(target));
            to.Clear();
            foreach (var item in from)
            {
                to.Add(item);
            }
        }
        else if (field.Accessor.GetValue(incoming) is { } value)
        {
            field.Accessor.SetValue(target, value);
        }
        else
        {
            field.Accessor.Clear(target);
        }
    }
}

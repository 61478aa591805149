namespace Border0.PdSidecar.Telemetry.Otlp;

/// <summary>The file of headers that a collector wants: one "name: value" a line. Read for every request, so that a new token needs no restart.</summary>
internal static class OtlpHeaders
{
    private const int Longest = 64 * 1024;

    /// <summary>Reads it; none for an empty path.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">A line is no header.</exception>
    public static IEnumerable<(string Name, string Value)> Read(string file)
    {
        if (file.Length == 0)
        {
            return [];
        }

        if (new FileInfo(file).Length > Longest)
        {
            throw new InvalidDataException($"otlp_headers_file: {file} is longer than {Longest} bytes");
        }

        List<(string, string)> headers = [];
        foreach (var (number, line) in File.ReadLines(file).Index())
        {
            if (line.AsSpan().Trim() is [] or ['#', ..])
            {
                continue;
            }

            // The line is not quoted: it may hold a secret.
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon > 0 ? (line[..colon].Trim(), line[(colon + 1)..].Trim()) : ("", "");
            headers.Add(name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && value.All(c => c is >= ' ' and <= '~')
                ? (name, value)
                : throw new InvalidDataException($"otlp_headers_file: line {number + 1} of {file} is not NAME: VALUE"));
        }

        return headers;
    }
}

using System.Text.Json;

namespace Border0.PdSidecar.PagerDuty.Probe;

/// <summary>
/// Looks whether a user's answer holds calendar URLs, which PagerDuty gives to those who may update the user and never to
/// account-level read-only keys. The URLs are credentials: their values are not read.
/// </summary>
internal static class CalendarUrls
{
    /// <summary>Whether <c>user.http_cal_url</c> or <c>user.web_cal_url</c> is there; null when there is no user.</summary>
    public static bool? AreShown(ReadOnlySpan<byte> answer)
    {
        try
        {
            var reader = new Utf8JsonReader(answer);
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isUser = reader.ValueTextEquals("user"u8);
                    reader.Read();
                    if (isUser && reader.TokenType == JsonTokenType.StartObject)
                    {
                        return InUser(ref reader);
                    }

                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return null;
    }

    private static bool InUser(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUrl = reader.ValueTextEquals("http_cal_url"u8) || reader.ValueTextEquals("web_cal_url"u8);
            reader.Read();
            if (isUrl && reader.TokenType == JsonTokenType.String)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }
}

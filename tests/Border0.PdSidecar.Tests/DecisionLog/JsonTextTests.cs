using System.Text;
using System.Text.Json;
using Border0.PdSidecar.DecisionLog;
using CsCheck;

namespace Border0.PdSidecar.Tests.DecisionLog;

public class JsonTextTests
{
    [Fact]
    public void AnyText_IsReadBackAsItWas_AndHasNoControlCharacters() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["ab\"\\\n\u001b\u0085\u2028é漢\ud83d\ude00"], 0, 40]).Sample(
            text =>
            {
                var room = new byte[text.Length * JsonText.MostPerChar];
                var written = Encoding.UTF8.GetString(room.AsSpan(0, JsonText.Write(text, room)));
                Assert.DoesNotContain(written, c => char.IsControl(c) || c is '\u2028' or '\u2029');

                // What is no Unicode text cannot be told as it was: half a surrogate pair is replaced.
                var told = JsonSerializer.Deserialize<string>($"\"{written}\"");
                Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), told);
            },
            iter: 20_000);
}

using Border0.PdSidecar.Hosting.Memory;

namespace Border0.PdSidecar.Tests.Hosting.Memory;

public sealed class ProgramPagesTests
{
    [Fact]
    public void What_is_given_back_of_the_program_comes_back_as_it_was()
    {
        if (!File.Exists("/proc/self/smaps"))
        {
            Assert.Equal(0, ProgramPages.GiveBack());
            return;
        }

        // The program and its libraries are some megabytes at least, and this test goes on in them.
        for (var i = 0; i < 3; i++)
        {
            Assert.InRange(ProgramPages.GiveBack(), 1 << 20, long.MaxValue);
            Assert.Equal(499_500, Enumerable.Range(0, 1_000).Sum());
        }
    }
}

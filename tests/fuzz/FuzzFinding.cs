namespace Cstp.Fuzz;

/// <summary>A parser did what it must not: AFL++ sees it as a crash.</summary>
/// <param name="message">What.</param>
internal sealed class FuzzFinding(string message) : Exception(message)
{
    public static void Unless(bool holds, string message)
    {
        if (!holds)
            throw new FuzzFinding(message);
    }
}

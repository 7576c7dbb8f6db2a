using Cstp.NetsetupLinux.Rules;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux.Host;

/// <summary>
/// Tells the rules that this process lives, and whether it takes new sessions. Two tables, so that draining is the removal of
/// one; named by the process, so that one may drain while the next takes over.
/// </summary>
internal sealed class ProcessLife : IDisposable
{
    private readonly OwnedTable _living;
    private readonly OwnedTable _accepting;

    private ProcessLife(OwnedTable living, OwnedTable accepting) => (_living, _accepting) = (living, accepting);

    /// <summary>Begins.</summary>
    /// <param name="wire">The wire.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static ProcessLife Begin(Wire wire)
    {
        OwnedTable living = OwnedTable.Create(LifeRules.Write(wire, Name("living"), Marks.Living));
        try
        {
            return new(living, OwnedTable.Create(LifeRules.Write(wire, Name("accepting"), Marks.Accepting)));
        }
        catch
        {
            living.Dispose();
            throw;
        }
    }

    /// <summary>No new sessions.</summary>
    public void Drain() => _accepting.Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        _accepting.Dispose();
        _living.Dispose();
    }

    private static string Name(string state) => $"{RuleNames.LifePrefix}{state}_{Environment.ProcessId}";
}

using Cstp.NetsetupLinux.Host;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>One thing to do, that can be shown and done.</summary>
/// <param name="Why">What it is for; steps with the same words are one paragraph.</param>
internal abstract record PlanStep(string Why)
{
    /// <summary>As a shell would be told.</summary>
    public abstract string Script { get; }

    /// <summary>Does it.</summary>
    /// <param name="cancel">Ends it.</param>
    public abstract Task RunAsync(CancellationToken cancel);
}

/// <summary>A program to run.</summary>
/// <param name="Why">What it is for.</param>
/// <param name="Program">Its name.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Input">What it reads, or null.</param>
internal sealed record ProgramStep(string Why, string Program, IReadOnlyList<string> Arguments, string? Input = null) : PlanStep(Why)
{
    /// <summary>A program with its arguments as one text, parted by blanks.</summary>
    public ProgramStep(string why, string line) : this(why, line.Split(' ')[0], line.Split(' ')[1..])
    {
    }

    public override string Script => string.Join(' ', Arguments.Prepend(Program).Select(Quoted)) + (Input is null ? "" : $" <<'RULES'\n{Input}RULES");

    public override Task RunAsync(CancellationToken cancel) => ShellProgram.RunAsync(Program, Arguments, Input, cancel);

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:@,=".Contains(c, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary>A kernel setting to change.</summary>
/// <param name="Why">What it is for.</param>
/// <param name="Path">Its path below /proc/sys.</param>
/// <param name="Value">Its value.</param>
internal sealed record SysctlStep(string Why, string Path, string Value) : PlanStep(Why)
{
    public override string Script => $"echo {Value} > {Sysctl.File(Path)}";

    public override Task RunAsync(CancellationToken cancel)
    {
        Sysctl.Write(Path, Value);
        return Task.CompletedTask;
    }
}

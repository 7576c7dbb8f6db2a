namespace Cstp.Host.Commands;

/// <summary>What a command answers its caller (sysexits.h).</summary>
internal static class ExitStatus
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A check found something.</summary>
    public const int Found = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 64;

    /// <summary>The data given is wrong, or the message itself was refused.</summary>
    public const int Data = 65;

    /// <summary>A fault of ours.</summary>
    public const int Software = 70;

    /// <summary>Reading or writing failed.</summary>
    public const int InputOutput = 74;

    /// <summary>Configuration, store or a plugin is not as it must be.</summary>
    public const int Configuration = 78;
}

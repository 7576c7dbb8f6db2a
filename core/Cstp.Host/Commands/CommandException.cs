namespace Cstp.Host.Commands;

/// <summary>A command cannot do what was asked.</summary>
/// <param name="status">One of <see cref="ExitStatus"/>.</param>
/// <param name="message">Cause and mend.</param>
/// <param name="cause">What was met, or null.</param>
internal sealed class CommandException(int status, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What the command answers.</summary>
    public int Status { get; } = status;
}

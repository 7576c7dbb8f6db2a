using System.CommandLine;

namespace Cstp.Host.Commands;

/// <summary><c>cstp completion</c>: a script that lets a shell complete our commands, by asking them.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # source <(cstp completion bash)
            _cstp() {
              local IFS=$'\n'
              COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _cstp cstp

            """,
        ["zsh"] = """
            # source <(cstp completion zsh)
            _cstp() {
              local -a found
              found=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
              compadd -- "${found[@]}"
              _files
            }
            compdef _cstp cstp

            """,
        ["fish"] = """
            # cstp completion fish | source
            complete -c cstp -a '(cstp "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'

            """,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Argument<string> shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." }.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Prints a script that completes commands and options in a shell.") { shell };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(Scripts[parsed.GetRequiredValue(shell)]));
        return command;
    }
}

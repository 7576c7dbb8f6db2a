using System.CommandLine;
using System.CommandLine.Invocation;
using Cstp.Core.Store;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary>Runs a command line and turns what went wrong into words on stderr and an exit status.</summary>
internal static class CommandLine
{
    /// <summary>Runs it.</summary>
    /// <param name="commands">The commands.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="output">Results.</param>
    /// <param name="error">Words for people.</param>
    /// <returns>One of <see cref="ExitStatus"/>, or what the command answered.</returns>
    public static async Task<int> RunAsync(IEnumerable<Command> commands, IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("CSTP, a transparent SMTP proxy that signs, encrypts and opens mail with S/MIME.") { CommonOptions.Config };
        foreach (Command command in commands)
            root.Add(command);
        // A file name may begin with @; response files are not worth that trap.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            foreach (string message in parsed.Errors.Select(mistake => mistake.Message).Distinct())
                await error.WriteLineAsync($"cstp: {Printable.Text(message)}");
            await error.WriteLineAsync($"cstp: try '{CommandName(parsed)} --help'");
            return ExitStatus.Usage;
        }
        try
        {
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error };
            // Two seconds after SIGTERM the library would end the process; the proxy drains for as long as it is configured to.
            if (parsed.CommandResult.Command.Name == RunCommand.Name)
                invocation.ProcessTerminationTimeout = null;
            return await parsed.InvokeAsync(invocation);
        }
        catch (Exception failed)
        {
            return await ExplainAsync(failed, error);
        }
    }

    private static async Task<int> ExplainAsync(Exception failed, TextWriter error)
    {
        (int status, IEnumerable<string> lines) = failed switch
        {
            CommandException command => (command.Status, [command.Message]),
            ConfigurationException configuration => (ExitStatus.Configuration, configuration.Problems),
            StoreException store => (ExitStatus.Configuration, [store.Message]),
            IOException or UnauthorizedAccessException => (ExitStatus.InputOutput, [failed.Message]),
            OperationCanceledException => (ExitStatus.Software, ["interrupted"]),
            _ => (ExitStatus.Software, (IEnumerable<string>)[$"a fault of CSTP itself, please report it: {failed}"]),
        };
        foreach (string line in lines)
            await error.WriteLineAsync($"cstp: {Printable.Lines(line)}");
        return status;
    }

    private static string CommandName(ParseResult parsed)
    {
        var names = new List<string>();
        for (System.CommandLine.Parsing.SymbolResult? result = parsed.CommandResult; result is System.CommandLine.Parsing.CommandResult command; result = result.Parent)
            names.Insert(0, result.Parent is null ? "cstp" : command.Command.Name);
        return string.Join(' ', names);
    }
}

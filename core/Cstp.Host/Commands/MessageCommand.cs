using System.CommandLine;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Mime;
using Cstp.Host.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cstp.Host.Commands;

/// <summary><c>cstp message</c>: what the box would do with a message, by the code that does it.</summary>
internal static class MessageCommand
{
    /// <summary>The recipients.</summary>
    public static Option<Mailbox[]> Recipients { get; } = new("--recipient")
    {
        Description = "A recipient; give it several times for several.",
        HelpName = "ADDRESS",
        Required = true,
        CustomParser = result =>
        {
            var mailboxes = new List<Mailbox>();
            foreach (string text in result.Tokens.Select(token => token.Value))
            {
                if (Mailbox.TryParse(text, out Mailbox? mailbox))
                    mailboxes.Add(mailbox);
                else
                    result.AddError($"--recipient: '{text}' is no mail address");
            }
            return [.. mailboxes];
        },
    };

    /// <summary>Where the message comes from.</summary>
    public static Option<string?> In { get; } = new("--in") { Description = "The message (default: standard input); LF becomes CRLF.", HelpName = "FILE" };

    /// <summary>Makes the command.</summary>
    public static Command Create() => new("message", "Secures or opens one message, as the proxy would.") { MessageSecureCommand.Create(), MessageOpenCommand.Create() };

    /// <summary>Opens the configured box, without listening, and holds the message.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<int> RunAsync(ParseResult parsed, Func<Box, HeldMessage, HeaderSection, Task<int>> work, CancellationToken cancel)
    {
        LoadedConfiguration configuration = CommonOptions.ReadConfiguration(parsed);
        await using BoxRuntime runtime = await BoxRuntime.OpenAsync(configuration, TimeProvider.System, NullLoggerFactory.Instance);
        using var box = new Box(runtime.BoxSettings, runtime.Modules, () => runtime.Store.Current, runtime.Store.Database, static (_, _, _, _) => { }, TimeProvider.System, NullLoggerFactory.Instance);
        using HeldMessage held = await HoldAsync(parsed.GetValue(In), box.Spool, cancel);
        PipeReader message = held.Open();
        HeaderSection header = await HeaderSection.ReadAsync(message, configuration.Settings.Smtp.MaxHeader, cancel)
            ?? throw new CommandException(ExitStatus.Data, $"the header section is over {configuration.Settings.Smtp.MaxHeader} octets; the box answers 552");
        await message.CompleteAsync();
        return await work(box, held, header);
    }

    /// <summary>Writes into a file, or to standard output.</summary>
    /// <param name="file">The file, or null.</param>
    /// <param name="write">Writes the message.</param>
    public static async Task WriteAsync(string? file, Func<PipeWriter, Task> write)
    {
        await using Stream stream = file is null ? Console.OpenStandardOutput() : File.Create(file);
        var pipe = new Pipe(ContentPipes.Options);
        using var stop = new CancellationTokenSource();
        await Stages.WhenAllOrFirstFailureAsync(
            [
                Stages.RunAsync(() => write(pipe.Writer), null, pipe.Writer),
                Stages.RunAsync(() => pipe.Reader.CopyToAsync(stream, stop.Token), pipe.Reader),
            ],
            stop);
    }

    private static async Task<HeldMessage> HoldAsync(string? file, Spool spool, CancellationToken cancel)
    {
        await using Stream stream = file is null or "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        PipeReader input = PipeReader.Create(stream);
        var lines = new Pipe(ContentPipes.Options);
        Task normalising = Stages.RunAsync(() => LineEnds.NormaliseAsync(input, lines.Writer, cancel), input, lines.Writer);
        HeldMessage held = await spool.HoldAsync(ReadOnlyMemory<byte>.Empty, lines.Reader, cancel);
        await normalising;
        await lines.Reader.CompleteAsync();
        return held;
    }
}

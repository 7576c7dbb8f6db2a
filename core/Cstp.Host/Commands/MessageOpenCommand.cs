using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Smime;

namespace Cstp.Host.Commands;

/// <summary><c>cstp message open</c>: what the box would do with a message from outside.</summary>
internal static class MessageOpenCommand
{
    private static readonly Option<string?> s_out = new("--out") { Description = "Where the message goes (default: standard output).", HelpName = "FILE" };
    private static readonly Option<string?> s_report = new("--report") { Description = "Where a JSON report of the layers goes.", HelpName = "FILE" };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var open = new Command("open", "Opens a message for local users; with --json the report goes to standard output.") { MessageCommand.Recipients, MessageCommand.In, s_out, s_report, CommonOptions.Json };
        open.SetAction(RunAsync);
        return open;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancel) => MessageCommand.RunAsync(
        parsed,
        async (box, held, _) =>
        {
            Mailbox[] local = [.. parsed.GetValue(MessageCommand.Recipients)!.Where(r => box.Security.DirectionOf(Side.Outside, r) == Direction.Inbound)];
            OpenedMessage opened = local.Length > 0
                ? await box.Inbound.OpenAsync(held, local, default, BodyValue.SevenBit, BodyValue.Binary, cancel)
                : new OpenedMessage("passed", "no recipient is local", null, [], [], [], [], async (output, stop) =>
                {
                    System.IO.Pipelines.PipeReader message = held.Open();
                    await Stages.CopyAsync(message, [output], stop);
                    await message.CompleteAsync();
                });
            var output = new CommandOutput(parsed);
            var report = new
            {
                opened.Outcome,
                Reason = opened.Reason ?? opened.Refusal?.Text,
                AuthenticationResults = opened.Results.Count > 0 ? box.Results.Value(opened.Results) : null,
                opened.Layers,
            };
            if (parsed.GetValue(s_report) is { } file)
                await File.WriteAllTextAsync(file, CommandOutput.Serialize(report) + "\n", cancel);
            if (output.IsJson)
                output.Json(report);
            if (opened.Refusal is not null)
            {
                output.Notice($"refused: {opened.Refusal}");
                return ExitStatus.Data;
            }
            if (!output.IsJson || parsed.GetValue(s_out) is not null)
                await MessageCommand.WriteAsync(parsed.GetValue(s_out), pipe => opened.WriteAsync(pipe, cancel));
            return ExitStatus.Done;
        },
        cancel);
}

using System.CommandLine;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;

namespace Cstp.Host.Commands;

/// <summary><c>cstp message secure</c>: what the box would do with a message from inside.</summary>
internal static class MessageSecureCommand
{
    private static readonly Option<string> s_sender = new("--sender") { Description = "The reverse-path; <> for none.", HelpName = "ADDRESS", Required = true };
    private static readonly Option<string?> s_out = new("--out") { Description = "Where one delivery goes (default: standard output), or the folder for several.", HelpName = "FILE-or-DIR" };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var secure = new Command("secure", "Secures a message for its recipients; with --json the plan goes to standard output.") { s_sender, MessageCommand.Recipients, MessageCommand.In, s_out, CommonOptions.Json };
        secure.SetAction(RunAsync);
        return secure;
    }

    private static Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        string text = parsed.GetValue(s_sender)!;
        Mailbox? sender = null;
        if (text is not ("" or "<>") && !Mailbox.TryParse(text, out sender))
            throw new CommandException(ExitStatus.Usage, $"--sender: '{text}' is no mail address");
        return MessageCommand.RunAsync(parsed, (box, held, header) => SecureAsync(parsed, box, held, header, sender, cancel), cancel);
    }

    private static async Task<int> SecureAsync(ParseResult parsed, Box box, HeldMessage held, HeaderSection header, Mailbox? sender, CancellationToken cancel)
    {
        var output = new CommandOutput(parsed);
        var recipients = new List<Mailbox>();
        var described = new List<PolicyRecipient>();
        var envelope = new MessageEnvelope("message", Side.Inside, sender, recipients, BodyValue.SevenBit, ServerTakes8Bit: true)
        {
            CanReport = box.HasRelay && sender is not null,
            IsInternational = sender is { IsAscii: false } || parsed.GetValue(MessageCommand.Recipients)!.Any(r => !r.IsAscii),
        };
        var withheld = new List<(Mailbox Recipient, string Reason)>();
        foreach (Mailbox recipient in parsed.GetValue(MessageCommand.Recipients)!)
        {
            if (box.Security.DecideRecipient(envelope, described, recipient, RecipientNotification.Default) is { } refusal)
                withheld.Add((recipient, refusal.ToString()));
            else
                recipients.Add(recipient);
        }
        IReadOnlyList<PlannedDelivery> deliveries = [];
        if (envelope.Recipients.Count > 0)
        {
            Reply? refused = box.Security.DecideData(envelope);
            if (refused is null)
            {
                PipeReader message = await OpenBodyAsync(held, cancel);
                switch (await box.Security.DecideAsync(envelope, header, message, cancel))
                {
                    case MessageDecision.Refuse refuse:
                        refused = refuse.Reply;
                        break;
                    case MessageDecision.Stream stream:
                        deliveries = [.. stream.Deliveries.Where(d => !d.IsReport)];
                        withheld.AddRange(stream.Deliveries.Where(d => d.IsReport).SelectMany(d => d.Recipients.Select(r => (recipients[r], $"{d.Why}; the sender gets a report"))));
                        break;
                }
                await message.CompleteAsync();
            }
            if (refused is not null)
                withheld.AddRange(envelope.Recipients.Select(r => (r, refused.ToString())));
        }

        string? target = parsed.GetValue(s_out);
        bool toFolder = target is not null && (deliveries.Count > 1 || Directory.Exists(target) || target.EndsWith('/'));
        if (deliveries.Count > 1 && target is null && !output.IsJson)
            throw new CommandException(ExitStatus.Usage, $"the message becomes {deliveries.Count} deliveries; name a folder with --out");
        int keeper = DeliveryPreparation.KeeperOf(deliveries);
        var plan = new
        {
            Deliveries = deliveries.Select((d, i) => new
            {
                Recipients = d.Recipients.Select(r => envelope.Recipients[r].ToString()),
                Protection = Name(d.Protection),
                Route = d.Route == DeliveryRoute.Relay ? "relay" : i == keeper ? "same" : "second",
                File = toFolder ? $"{i + 1}.eml" : target,
            }),
            Withheld = withheld.Select(w => new { Recipient = w.Recipient.ToString(), w.Reason }),
        };
        foreach ((Mailbox recipient, string reason) in withheld)
            output.Notice($"{recipient} withheld: {reason}");
        if (toFolder)
        {
            Directory.CreateDirectory(target!);
            await File.WriteAllTextAsync(Path.Combine(target!, "plan.json"), CommandOutput.Serialize(plan) + "\n", cancel);
        }
        if (output.IsJson)
            output.Json(plan);
        for (int i = 0; i < deliveries.Count && (target is not null || !output.IsJson); i++)
        {
            PipeReader body = await OpenBodyAsync(held, cancel);
            await MessageCommand.WriteAsync(toFolder ? Path.Combine(target!, $"{i + 1}.eml") : target, pipe => deliveries[i].WriteAsync(body, pipe, cancel));
            await body.CompleteAsync();
        }
        return deliveries.Count == 0 ? ExitStatus.Data : ExitStatus.Done;
    }

    private static async Task<PipeReader> OpenBodyAsync(HeldMessage held, CancellationToken cancel)
    {
        PipeReader message = held.Open();
        await HeaderSection.ReadAsync(message, int.MaxValue, cancel);
        return message;
    }

    private static string Name(Protection protection) => protection switch
    {
        Protection.None => "none",
        Protection.Signed => "signed",
        Protection.Encrypted => "encrypted",
        _ => "signedEncrypted",
    };
}

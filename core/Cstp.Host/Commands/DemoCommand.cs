using System.CommandLine;
using Cstp.Host.Demo;

namespace Cstp.Host.Commands;

/// <summary><c>cstp demo</c>: two boxes on loopback, real messages through them, and what became of each.</summary>
internal static class DemoCommand
{
    private static readonly Option<string?> s_dir = new("--dir") { Description = "The folder to make (default: a new one under the temporary folder).", HelpName = "DIR" };

    private static readonly Option<string[]> s_crypto = CryptoOption();

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var demo = new Command("demo", "Sends real messages through two boxes on this machine and shows what was on the wire.") { s_dir, s_crypto, CommonOptions.Json };
        demo.SetAction(RunAsync);
        return demo;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        string folder = Path.GetFullPath(parsed.GetValue(s_dir) ?? Directory.CreateTempSubdirectory("cstp-demo-").FullName);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new CommandException(ExitStatus.InputOutput, $"{folder} is not empty. Name another folder with --dir.");
        var output = new CommandOutput(parsed);
        var screen = new DemoScreen(output, parsed.InvocationConfiguration.Output);
        await using var demo = new DemoRun(folder, screen, parsed.GetValue(s_crypto) ?? []);
        IReadOnlyList<DemoDelivery> deliveries = await demo.RunAsync(cancel);
        bool ok = deliveries.All(d => d.IsAsItMustBe);
        screen.Close(folder, ok);
        if (output.IsJson)
        {
            output.Json(new
            {
                Ok = ok,
                Messages = deliveries.Select(d => new
                {
                    d.Name,
                    d.Size,
                    d.Recipients,
                    Wire = new { Layers = d.Layers, Size = d.WireSize },
                    d.OctetEqual,
                    Seconds = Math.Round(d.Time.TotalSeconds, 3),
                }),
            });
        }
        return ok ? ExitStatus.Done : ExitStatus.Found;
    }

    private static Option<string[]> CryptoOption()
    {
        var option = new Option<string[]>("--crypto") { Description = "The crypto module of both boxes; given twice, one for each.", HelpName = "NAME" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 2)
                result.AddError("--crypto: there are two boxes");
        });
        return option;
    }
}

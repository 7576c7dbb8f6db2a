using System.Text.Json;
using Cstp.Host.Commands;
using Spectre.Console;

namespace Cstp.Host.Demo;

/// <summary>Shows the demo to a person; says nothing where JSON was asked for.</summary>
/// <param name="output">How the command writes.</param>
/// <param name="writer">Where to.</param>
internal sealed class DemoScreen(CommandOutput output, TextWriter writer)
{
    /// <summary>How this program is called: a wrapper that runs it from a checkout says so.</summary>
    private static string Command => Environment.GetEnvironmentVariable("CSTP_COMMAND") ?? "cstp";

    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output.IsJson ? TextWriter.Null : writer) });

    /// <summary>A step of the preparation.</summary>
    /// <param name="text">What is done.</param>
    public void Step(string text) => _console.MarkupLineInterpolated($"[grey]{text}[/]");

    /// <summary>A message is sent.</summary>
    /// <param name="message">The message.</param>
    /// <param name="send">Sends it; told how many octets are gone.</param>
    public async Task SendAsync(DemoMessage message, Func<IProgress<long>, Task> send)
    {
        _console.WriteLine();
        _console.MarkupLineInterpolated($"[bold]{message.Name}[/]  {message.From} -> {string.Join(", ", message.To)}");
        if (message.Content.Length < 1024 * 1024)
        {
            await send(new Progress<long>());
            return;
        }
        await _console.Progress().StartAsync(async progress =>
        {
            ProgressTask task = progress.AddTask("sending", maxValue: message.Content.Length);
            await send(new Inline(octets => task.Value = octets));
        });
    }

    /// <summary>What became of one delivery.</summary>
    /// <param name="delivery">The delivery.</param>
    public void Show(DemoDelivery delivery)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn("").AddColumn("");
        table.AddRow(new Text("  to"), new Text(string.Join(", ", delivery.Recipients)));
        table.AddRow(new Text("  sent"), new Text($"{delivery.Size:N0} octets"));
        table.AddRow(new Text("  on the wire"), new Text($"{delivery.WireSize:N0} octets, {(delivery.Layers.Count == 0 ? "in clear" : string.Join(" > ", delivery.Layers.Select(Describe)))}"));
        table.AddRow(new Text("  arrived"), delivery.OctetEqual ? new Text("octet for octet as it was sent", new Style(Color.Green)) : new Text("CHANGED", new Style(Color.Red)));
        table.AddRow(new Text("  time"), new Text($"{delivery.Time.TotalSeconds:F2} s"));
        _console.Write(table);
    }

    /// <summary>The end.</summary>
    /// <param name="folder">The demo's folder.</param>
    /// <param name="ok">Whether all is as it must be.</param>
    public void Close(string folder, bool ok)
    {
        _console.WriteLine();
        _console.MarkupLineInterpolated(ok ? (FormattableString)$"[green]Everything is as it must be.[/]" : $"[red]Something is not as it must be.[/]");
        if (output.IsJson)
            return;
        writer.WriteLine($"""

            Everything stays in {folder}:
              amd/, intel/       the two boxes: configuration, store, log
              messages/          each message as it was sent, as it was on the wire, and as it arrived

            To try next:
              {Command} --config {folder}/amd/cstp.toml certs list
              {Command} --config {folder}/intel/cstp.toml message open --recipient anna@intel.test --in {folder}/messages/1-wire-1.eml --report /dev/stderr
              {Command} --config {folder}/amd/cstp.toml message secure --sender juro@amd.test --recipient anna@intel.test --in {folder}/messages/1-sent.eml
              {Command} --config {folder}/amd/cstp.toml run
            """);
    }

    private static string Describe(JsonElement layer)
    {
        IEnumerable<string?> algorithms = layer.GetProperty("algorithms").EnumerateObject().Select(a => a.Value.GetString());
        return $"{layer.GetProperty("kind").GetString()} ({string.Join(", ", algorithms)})";
    }

    private sealed class Inline(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}

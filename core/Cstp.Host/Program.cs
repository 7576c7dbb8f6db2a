using Cstp.Host.Commands;

return await CommandLine.RunAsync(
    [
        InitCommand.Create(),
        ConfigCommand.Create(),
        PluginsCommand.Create(),
        CertsCommand.Create(),
        KeysCommand.Create(),
        CompletionCommand.Create(),
    ],
    args, Console.Out, Console.Error);

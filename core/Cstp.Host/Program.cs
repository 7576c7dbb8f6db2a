using Cstp.Host;
using Cstp.Host.Commands;

SocketThreads.Configure();

return await CommandLine.RunAsync(
    [
        InitCommand.Create(),
        RunCommand.Create(),
        ConfigCommand.Create(),
        PluginsCommand.Create(),
        CertsCommand.Create(),
        KeysCommand.Create(),
        RoutesCommand.Create(),
        MessageCommand.Create(),
        TlsCommand.Create(),
        NetCommand.Create(),
        DemoCommand.Create(),
        CompletionCommand.Create(),
    ],
    args, Console.Out, Console.Error);

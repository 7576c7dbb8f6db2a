namespace Cstp.Host;

/// <summary>
/// How .NET's sockets work in this process: what a socket's readiness leads to runs on the one thread that noticed it. Changes
/// of threads were most of what relaying a message cost (docs/performance.md). Whatever takes long leaves that thread.
/// </summary>
internal static class SocketThreads
{
    /// <summary>To be called before the process's first socket; what the environment says already stays.</summary>
    public static void Configure()
    {
        Set("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Set("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }

    private static void Set(string variable, string value)
    {
        if (Environment.GetEnvironmentVariable(variable) is null)
            Environment.SetEnvironmentVariable(variable, value);
    }
}

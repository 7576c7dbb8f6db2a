namespace Cstp.EndToEnd.Harness;

/// <summary>The built product.</summary>
internal static class Installation
{
    /// <summary>The repository's root.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The program, of the configuration that the tests were built in.</summary>
    public static string Program { get; } = Path.Combine(Root, "artifacts", Configuration(), "cstp");

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cstp.Modular.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Cstp.Modular.sln");
    }

    private static string Configuration() => AppContext.BaseDirectory.Contains("/Debug", StringComparison.Ordinal) ? "Debug" : "Release";
}

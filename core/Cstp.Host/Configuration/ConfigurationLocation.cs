namespace Cstp.Host.Configuration;

/// <summary>Which configuration file is meant: <c>--config</c>, <c>$CSTP_CONFIG</c>, <c>./cstp.toml</c>, <c>/etc/cstp/cstp.toml</c>.</summary>
internal static class ConfigurationLocation
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "cstp.toml";

    private const string SystemFile = "/etc/cstp/" + FileName;

    /// <summary>Finds it.</summary>
    /// <param name="named">What <c>--config</c> says, or null.</param>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static string Find(string? named)
    {
        string? fromEnvironment = Environment.GetEnvironmentVariable("CSTP_CONFIG");
        if (named is not null)
            return named;
        if (!string.IsNullOrEmpty(fromEnvironment))
            return fromEnvironment;
        return new[] { FileName, SystemFile }.FirstOrDefault(File.Exists)
            ?? throw new ConfigurationException([$"no configuration found (looked for {Path.GetFullPath(FileName)} and {SystemFile}). Name one with --config or $CSTP_CONFIG, or make one with 'cstp init'."]);
    }
}

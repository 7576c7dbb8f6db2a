namespace Cstp.Host.Commands;

/// <summary>Files that a command line names; <c>-</c> is standard input.</summary>
internal static class FileArgument
{
    private const int MaxOctets = 16 * 1024 * 1024;

    /// <summary>Reads a whole small file.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CommandException">It is not there or too large.</exception>
    public static byte[] Read(string file)
    {
        try
        {
            using Stream stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var content = new MemoryStream();
            byte[] buffer = new byte[81_920];
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                content.Write(buffer, 0, read);
                if (content.Length > MaxOctets)
                    throw new CommandException(ExitStatus.Data, $"{file}: larger than {MaxOctets / 1024 / 1024} MiB; no certificate or key is");
            }
            return content.ToArray();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitStatus.InputOutput, $"{file}: cannot be read ({unreadable.Message})", unreadable);
        }
    }

    /// <summary>Reads a password: the file's first line.</summary>
    /// <param name="file">The file, or null for no password.</param>
    public static string? ReadPassword(string? file) =>
        file is null ? null : System.Text.Encoding.UTF8.GetString(Read(file)).Split('\n')[0].TrimEnd('\r');
}

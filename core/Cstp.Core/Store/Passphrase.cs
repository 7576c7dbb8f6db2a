namespace Cstp.Core.Store;

/// <summary>Reads the passphrase of the store from where the configuration says.</summary>
internal static class Passphrase
{
    /// <summary>What a reference to a systemd credential begins with.</summary>
    public const string CredentialPrefix = "credential:";

    private const int MaxLength = 4_096;

    /// <summary>Reads it.</summary>
    /// <param name="source">An absolute path, or a reference to a credential.</param>
    /// <exception cref="StoreException">There is none, it is empty or over-long, or others may read it.</exception>
    public static string Read(string source)
    {
        bool isCredential = source.StartsWith(CredentialPrefix, StringComparison.Ordinal);
        string file = isCredential ? CredentialPath(source[CredentialPrefix.Length..]) : source;
        if (!File.Exists(file))
            throw new StoreException($"{file}: passphrase file not found. Name the right one in [store] passphrase_file.");
        // systemd guards its credentials itself, with modes that depend on the unit.
        if (!isCredential)
            StoreFile.RefuseOtherReaders(file, "passphrase file");
        string text;
        try
        {
            using StreamReader reader = File.OpenText(file);
            char[] buffer = new char[MaxLength + 1];
            int length = reader.ReadBlock(buffer);
            text = new string(buffer, 0, length).TrimEnd('\r', '\n');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{file}: passphrase file cannot be read ({unreadable.Message}). Let the user that CSTP runs as own it.", unreadable);
        }
        return text.Length is > 0 and <= MaxLength
            ? text
            : throw new StoreException($"{file}: passphrase file is empty or over {MaxLength} characters. Put the passphrase on its first line.");
    }

    private static string CredentialPath(string name)
    {
        string? folder = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        if (string.IsNullOrEmpty(folder))
            throw new StoreException($"[store] passphrase_file: credential '{name}' is asked for, but systemd passed none. Add LoadCredential={name}:/path/of/the/file to the unit.");
        return name.Length > 0 && Path.GetFileName(name) == name
            ? Path.Combine(folder, name)
            : throw new StoreException($"[store] passphrase_file: '{name}' is no name of a credential. Write credential:NAME.");
    }
}

namespace Cstp.Core.Store;

/// <summary>Reads a secret, the passphrase of the store or a password, from where a setting says.</summary>
/// <param name="setting">The setting, for the messages: <c>[store] passphrase_file</c>.</param>
/// <param name="secret">What the file holds, for the messages.</param>
internal sealed class SecretFile(string setting, string secret)
{
    /// <summary>What a reference to a systemd credential begins with.</summary>
    public const string CredentialPrefix = "credential:";

    private const int MaxLength = 4_096;

    /// <summary>The passphrase of the store.</summary>
    public static SecretFile StorePassphrase { get; } = new("[store] passphrase_file", "passphrase");

    /// <summary>The box's password at the relay.</summary>
    public static SecretFile RelayPassword { get; } = new("[relay] password_file", "password");

    /// <summary>Whether a setting refers to a credential rather than to a path.</summary>
    /// <param name="source">The setting.</param>
    public static bool IsCredential(string source) => source.StartsWith(CredentialPrefix, StringComparison.Ordinal);

    /// <summary>Reads it.</summary>
    /// <param name="source">An absolute path, or a reference to a credential.</param>
    /// <exception cref="StoreException">There is none, it is empty or over-long, or others may read it.</exception>
    public string Read(string source)
    {
        string file = IsCredential(source) ? CredentialPath(source[CredentialPrefix.Length..]) : source;
        if (!File.Exists(file))
            throw new StoreException($"{file}: {secret} file not found. Name the right one in {setting}.");
        // systemd guards its credentials itself, with modes that depend on the unit.
        if (!IsCredential(source))
            StoreFile.RefuseOtherReaders(file, $"{secret} file");
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
            throw new StoreException($"{file}: {secret} file cannot be read ({unreadable.Message}). Let the user that CSTP runs as own it.", unreadable);
        }
        return text.Length is > 0 and <= MaxLength
            ? text
            : throw new StoreException($"{file}: {secret} file is empty or over {MaxLength} characters. Put the {secret} on its first line.");
    }

    private string CredentialPath(string name)
    {
        string? folder = Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY");
        if (string.IsNullOrEmpty(folder))
            throw new StoreException($"{setting}: credential '{name}' is asked for, but systemd passed none. Add LoadCredential={name}:/path/of/the/file to the unit.");
        return name.Length > 0 && Path.GetFileName(name) == name
            ? Path.Combine(folder, name)
            : throw new StoreException($"{setting}: '{name}' is no name of a credential. Write credential:NAME.");
    }
}

namespace Cstp.EndToEnd.Harness;

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cstp-e2e-");

    /// <summary>The folder.</summary>
    public string Path => _folder.FullName;

    /// <summary>A path in it.</summary>
    public string Of(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    /// <summary>Lets other users in, for servers that give up root.</summary>
    public TemporaryFolder ForAll(bool writable = false)
    {
        File.SetUnixFileMode(Path, (UnixFileMode)(writable ? 0b111_111_111 : 0b111_101_101));
        return this;
    }

    public void Dispose()
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                _folder.Delete(recursive: true);
                return;
            }
            catch (IOException) when (attempt < 50)
            {
                // A process that was just told to end may still make or remove a file.
                Thread.Sleep(100);
            }
        }
    }
}

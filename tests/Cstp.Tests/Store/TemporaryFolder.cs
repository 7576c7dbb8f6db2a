using Cstp.Core.Store;

namespace Cstp.Tests.Store;

/// <summary>A folder for one test; gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cstp-test-");

    public string Root => _folder.FullName;

    public string this[string name] => Path.Combine(Root, name);

    public string Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], content);
        return this[name];
    }

    public StoreOptions NewStore()
    {
        if (!File.Exists(this["store.key"]))
            StoreFile.CreatePrivate(this["store.key"], "correct horse battery staple\n"u8);
        return new() { File = this["cstp.db"], PassphraseFile = this["store.key"] };
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

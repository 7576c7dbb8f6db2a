namespace Cstp.Package.Tests.Machine;

/// <summary>A Debian of a test's own: an overlay, mounted for each command in a namespace that ends with it.</summary>
internal sealed class Root : IAsyncDisposable
{
    /// <summary>Mounts the overlay and what programs expect.</summary>
    private const string Enter = """
        mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
        mount -t proc proc "$2/root/proc"
        exec chroot "$2/root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -ec "$3"
        """;

    private readonly string _folder;
    private bool _isKept;

    private Root(string lower, string folder)
    {
        Lower = lower;
        _folder = folder;
        foreach (string part in new[] { "upper", "work", "root" })
            Directory.CreateDirectory(Path.Combine(folder, part));
    }

    /// <summary>The folders below it.</summary>
    public string Lower { get; }

    /// <summary>The overlay's folders.</summary>
    public string Folder => _folder;

    /// <summary>A root over a Debian, with the older package installed or without.</summary>
    public static Root Over(Debian debian, string name, bool isInstalled = true) =>
        new((isInstalled ? $"{debian.InstalledLayer}/upper:" : "") + $"{Debian.PackagesLayer}:{debian.Base}", Path.Combine(Debian.Folder, name));

    /// <summary>Leaves the layer there for others to lie upon.</summary>
    public void KeepLayer() => _isKept = true;

    /// <summary>Where to write a file that the root shall have, before anything runs in it.</summary>
    public string Put(string path)
    {
        string file = Path.Combine(_folder, "upper", path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    /// <summary>Runs a script of the shell as root and requires success.</summary>
    /// <returns>What it wrote.</returns>
    public async Task<string> RunAsync(string script)
    {
        Command done = await TryAsync(script);
        return done.Status == 0 ? done.Output : throw new InvalidOperationException($"{script}: status {done.Status}\n{done.Output}\n{done.Error}");
    }

    /// <summary>Runs a script of the shell as root.</summary>
    public Task<Command> TryAsync(string script) =>
        Command.TryAsync(TimeSpan.FromMinutes(3), "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", Enter, "enter", Lower, _folder, script);

    public async ValueTask DisposeAsync()
    {
        if (!_isKept)
            await Debian.RemoveAsync(_folder);
    }
}

using System.Security.Cryptography;
using System.Text;

namespace Cstp.Package.Tests.Machine;

/// <summary>Two versions of the package, and a Debian in which the older one is installed; roots of tests lie over it as overlays.</summary>
public sealed class Debian : IAsyncLifetime
{
    private const string Suite = "bookworm";
    private const string Mirror = "http://deb.debian.org/debian";

    /// <summary>What a machine has before the package: the least, with systemd to boot it, and Debian's DHCP client.</summary>
    private const string Include = "systemd,systemd-sysv,dbus,isc-dhcp-client";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    /// <summary>The version that tests install first.</summary>
    public const string OldVersion = "0.0.9-1";

    /// <summary>Where all of it lies.</summary>
    internal static string Folder { get; } = Path.Combine(Installation.Root, "artifacts", "package-tests");

    /// <summary>Both packages as roots have them: <c>/root/old.deb</c> and <c>/root/new.deb</c>.</summary>
    internal static string PackagesLayer { get; } = Path.Combine(Folder, "packages");

    /// <summary>The package of this checkout.</summary>
    internal static string NewPackage { get; } = Path.Combine(PackagesLayer, "root", "new.deb");

    /// <summary>Debian with nothing of ours; it stays for later runs.</summary>
    internal string Base { get; private set; } = "";

    /// <summary>What the installation of the older package added to it.</summary>
    internal string InstalledLayer { get; } = Path.Combine(Folder, "installed");

    /// <summary>What apt said when it installed the older package.</summary>
    internal string InstallationLog { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!CanRun)
            return;
        Directory.CreateDirectory(Folder);
        await Booted.ClearAsync();
        await ClearAsync();
        Task<string> debian = BaseAsync();
        Directory.CreateDirectory(Path.GetDirectoryName(NewPackage)!);
        File.Move(await BuildAsync("--output", Folder), NewPackage);
        File.Move(await BuildAsync("--output", Folder, "--again", "--version", OldVersion), Path.Combine(PackagesLayer, "root", "old.deb"));
        Base = await debian;
        await using Root root = Root.Over(this, Path.GetFileName(InstalledLayer), isInstalled: false);
        root.KeepLayer();
        InstallationLog = await root.RunAsync("apt-get install -y --no-install-recommends /root/old.deb 2>&1");
    }

    public async ValueTask DisposeAsync()
    {
        if (CanRun)
            await ClearAsync();
    }

    /// <summary>Skips a test that only root can run.</summary>
    internal static void NeedsRoot() => Assert.SkipUnless(CanRun, "a Debian is installed and booted by root only");

    /// <summary>Packs once more what was compiled.</summary>
    internal static Task<string> PackAgainAsync(string folder) => BuildAsync("--output", folder, "--again");

    internal static bool CanRun => string.Equals(Environment.UserName, "root", StringComparison.Ordinal);

    private static async Task<string> BuildAsync(params string[] arguments)
    {
        Command built = await Command.TryAsync(s_patience, Path.Combine(Installation.Root, "packaging", "build-deb"), ["--level", "0", .. arguments]);
        return built.Status == 0 ? built.Output.Trim() : throw new InvalidOperationException($"build-deb: status {built.Status}\n{built.Output}\n{built.Error}");
    }

    /// <summary>Installs Debian, and loads what the package depends on, so that later runs need no network.</summary>
    private static async Task<string> BaseAsync()
    {
        string depends = (await File.ReadAllLinesAsync(Path.Combine(Installation.Root, "packaging", "debian", "control.in"))).Single(line => line.StartsWith("Depends:", StringComparison.Ordinal));
        string[] packages = [.. depends["Depends:".Length..].Split(',', StringSplitOptions.TrimEntries).Where(name => !name.StartsWith('@')).Select(name => name.Split(' ')[0])];
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Suite + Include + string.Join(',', packages))))[..12];
        string ready = Path.Combine(Folder, $"base-{key}"), making = ready + ".part";
        if (Directory.Exists(ready))
            return ready;
        await RemoveAsync(making);
        await RunAsync("debootstrap", "--variant=minbase", $"--include={Include}", Suite, making, Mirror);
        await RunAsync("chroot", making, "sh", "-ec", $"apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --download-only libgcc-s1 libstdc++6 {string.Join(' ', packages)}");
        Directory.Move(making, ready);
        return ready;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        Command done = await Command.TryAsync(s_patience, program, arguments);
        if (done.Status != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: status {done.Status}\n{done.Output}\n{done.Error}");
    }

    private static async Task ClearAsync()
    {
        foreach (string folder in Directory.GetDirectories(Folder).Where(folder => !Path.GetFileName(folder).StartsWith("base-", StringComparison.Ordinal)))
            await RemoveAsync(folder);
        foreach (string package in Directory.GetFiles(Folder, "*.deb"))
            File.Delete(package);
    }

    /// <summary>Removes a folder of a Debian; nothing is mounted in it, except in namespaces that end with their process.</summary>
    internal static Task RemoveAsync(string folder) => Command.RunAsync("rm", "-rf", "--one-file-system", folder);
}

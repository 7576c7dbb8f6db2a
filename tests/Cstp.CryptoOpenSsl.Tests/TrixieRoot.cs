using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Cstp.Crypto.Tests;

/// <summary>
/// A minimal Debian 13, whose OpenSSL is 3.5, in <c>artifacts/trixie</c>: made once, and used with the .NET and the build of this machine. Its programs run in a
/// mount namespace of their own, so that what is mounted is gone with the last of them, however it ends.
/// </summary>
public sealed class TrixieRoot
{
    private const string Mirror = "http://deb.debian.org/debian";
    private const string Packages = "openssl,libicu76";

    private const string Enter = """
        root=$1 dotnet=$2 checkout=$3 corpora=$4
        shift 4
        bind() { mkdir -p "$root$2" && mount --bind -o ro "$1" "$root$2"; }
        bind "$dotnet" /usr/share/dotnet
        bind "$checkout" /cstp
        [ -z "$corpora" ] || bind "$corpora" /corpora
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DOTNET_ROOT=/usr/share/dotnet \
          CSTP_CORPORA=/corpora CSTP_TEST_INPUTS=2000 "$@"
        """;

    private static readonly string[] s_ownMounts = ["--mount", "--propagation", "private"];

    private readonly string _folder = Path.Combine(Corpora.RepositoryFolder(), "artifacts", "trixie");

    /// <summary>Makes it where it is not there yet.</summary>
    public TrixieRoot()
    {
        Assert.SkipUnless(string.Equals(Environment.UserName, "root", StringComparison.Ordinal), "a Debian root is made by root only");
        if (Directory.Exists(_folder))
            return;
        // Whole or not at all: what was interrupted is begun again.
        string unfinished = _folder + ".unfinished";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(Path.GetDirectoryName(_folder)!);
        // debootstrap mounts /proc in it, which would stay where it is killed.
        (int status, string output) = Run("unshare", [.. s_ownMounts, "debootstrap", "--variant=minbase", $"--include={Packages}", "trixie", unfinished, Mirror]);
        Assert.True(status == 0, output);
        Directory.Move(unfinished, _folder);
    }

    /// <summary>Runs a program in it; the checkout is at /cstp, read-only.</summary>
    /// <param name="program">The program and its arguments.</param>
    public (int Status, string Output) Run(params IReadOnlyList<string> program)
    {
        // DIR/shared/Microsoft.NETCore.App/VERSION/
        string dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        string corpora = Directory.Exists(Corpora.Folder) ? Path.GetFullPath(Corpora.Folder) : "";
        return Run("unshare", [.. s_ownMounts, "/bin/sh", "-euc", Enter, "sh", _folder, dotnet, Corpora.RepositoryFolder(), corpora, .. program]);
    }

    private static (int Status, string Output) Run(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}

using System.Diagnostics;
using System.Security.Cryptography;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>A foreign implementation, run in a directory of its own.</summary>
internal sealed class ExternalProgram : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cstp-");

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public void Write(string name, byte[] octets) => File.WriteAllBytes(PathOf(name), octets);

    public byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>Writes NAME.crt and NAME.key in PEM.</summary>
    public void WriteIdentity(string name, CmsIdentity identity)
    {
        WriteCertificate(name + ".crt", identity.Certificate);
        File.WriteAllText(PathOf(name + ".key"), PemEncoding.WriteString("PRIVATE KEY", ((Pkcs8PrivateKey)identity.PrivateKey).Der.Span));
    }

    public void WriteCertificate(string file, EncodedCertificate certificate) =>
        File.WriteAllText(PathOf(file), PemEncoding.WriteString("CERTIFICATE", certificate.Der.Span));

    /// <summary>Runs it and requires success.</summary>
    public string Run(string program, params string[] arguments)
    {
        (int status, string output) = TryRun(program, arguments);
        Assert.True(status == 0, $"{program} {string.Join(' ', arguments)}: {status}\n{output}");
        return output;
    }

    public (int Status, string Output) TryRun(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = _directory.FullName,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment["GNUPGHOME"] = _directory.FullName;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    /// <summary>Skips the test where the program is not installed.</summary>
    public static void Require(string program) => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
        $"{program} is not installed");

    public void Dispose() => _directory.Delete(recursive: true);
}

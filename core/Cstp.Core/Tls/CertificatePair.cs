using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cstp.Core.Tls;

/// <summary>Where a certificate and its key lie, and which settings say so.</summary>
/// <param name="CertificateFile">PEM: the certificate, then those between it and its authority.</param>
/// <param name="KeyFile">PEM.</param>
/// <param name="PassphraseFile">With the key's passphrase; null where it has none.</param>
/// <param name="CertificateKey">The setting that names the first.</param>
/// <param name="KeyKey">The setting that names the second.</param>
internal sealed record PairFiles(string CertificateFile, string KeyFile, string? PassphraseFile, string CertificateKey, string KeyKey)
{
    /// <summary>All of them.</summary>
    public IEnumerable<string> All => PassphraseFile is null ? [CertificateFile, KeyFile] : [CertificateFile, KeyFile, PassphraseFile];
}

/// <summary>A certificate with its key, and the certificates that go with it.</summary>
/// <param name="Certificate">The certificate; it has its private key.</param>
/// <param name="Others">Those between it and its authority.</param>
internal sealed record CertificatePair(X509Certificate2 Certificate, X509Certificate2Collection Others)
{
    private const string PassphraseSetting = "key_passphrase_file";

    /// <summary>Reads one.</summary>
    /// <param name="files">The files.</param>
    /// <exception cref="TlsFileException">They cannot be used.</exception>
    public static CertificatePair Read(PairFiles files)
    {
        string certificates = Text(files.CertificateFile, files.CertificateKey);
        RefuseWorld(files.KeyFile, files.KeyKey);
        string key = Text(files.KeyFile, files.KeyKey);
        string? passphrase = null;
        if (files.PassphraseFile is { } file)
        {
            RefuseWorld(file, PassphraseSetting);
            passphrase = Text(file, PassphraseSetting).Split('\n')[0].TrimEnd('\r');
        }
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(certificates);
        }
        catch (CryptographicException broken)
        {
            throw new TlsFileException(files.CertificateKey, $"{files.CertificateFile}: cannot be read as certificates ({broken.Message}); write PEM", broken);
        }
        if (all.Count == 0)
            throw new TlsFileException(files.CertificateKey, $"{files.CertificateFile}: no certificate in it; write PEM, the box's own certificate first");
        try
        {
            X509Certificate2 own = passphrase is null
                ? X509Certificate2.CreateFromPem(all[0].ExportCertificatePem(), key)
                : X509Certificate2.CreateFromEncryptedPem(all[0].ExportCertificatePem(), key, passphrase);
            all.RemoveAt(0);
            return new(own, all);
        }
        catch (Exception unfit) when (unfit is CryptographicException or ArgumentException)
        {
            throw new TlsFileException(
                files.KeyKey,
                key.Contains("ENCRYPTED", StringComparison.Ordinal) && passphrase is null
                    ? $"{files.KeyFile}: the key is encrypted; name the file with its passphrase in {PassphraseSetting}"
                    : $"{files.KeyFile}: no private key for the first certificate of {files.CertificateFile} ({unfit.Message}); name the key that belongs to it, as PEM",
                unfit);
        }
    }

    /// <summary>What is wrong with the time of the certificate; null where nothing is.</summary>
    /// <param name="now">The time.</param>
    public string? ProblemAt(DateTimeOffset now) =>
        now > Certificate.NotAfter ? $"the certificate expired on {Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}; renew it"
        : now < Certificate.NotBefore ? $"the certificate is valid from {Certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} on; look at the clock, or use an older one"
        : null;

    /// <summary>Reads a text file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="key">The setting that names it.</param>
    /// <exception cref="TlsFileException">It cannot be read.</exception>
    public static string Text(string file, string key)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException(key, $"{file}: cannot be read ({unreadable.Message}); name another, or let the user that CSTP runs as read it", unreadable);
        }
    }

    /// <summary>Groups may read it: distributions keep keys of TLS for a group of services.</summary>
    private static void RefuseWorld(string file, string key)
    {
        const UnixFileMode World = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        if (File.Exists(file) && (File.GetUnixFileMode(file) & World) != 0)
            throw new TlsFileException(key, $"{file}: everybody on this machine may use this file. Run: chmod o-rwx '{file}'");
    }
}

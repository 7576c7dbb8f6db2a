using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cstp.Core.Tls;

/// <summary>The files that the section <c>[tls]</c> names, and what is wrong with them.</summary>
internal static class TlsFiles
{
    /// <summary>The certificate of the box's authority, beside the store.</summary>
    public const string AuthorityCertificate = "tls-authority.pem";

    /// <summary>Its key.</summary>
    public const string AuthorityKey = "tls-authority.key";

    /// <summary>The certificate for clients; null where none is configured.</summary>
    /// <param name="options">The settings; paths are absolute.</param>
    public static PairFiles? Configured(TlsOptions options) => options is { CertificateFile: { } certificate, KeyFile: { } key }
        ? new(certificate, key, options.KeyPassphraseFile, "certificate_file", "key_file")
        : null;

    /// <summary>The box's authority.</summary>
    /// <param name="options">The settings; paths are absolute.</param>
    public static PairFiles Authority(TlsOptions options) =>
        new(options.AuthorityCertificateFile!, options.AuthorityKeyFile!, null, "authority_certificate_file", "authority_key_file");

    /// <summary>The trust anchors for pkix; null for the system's.</summary>
    /// <param name="options">The settings; paths are absolute.</param>
    /// <exception cref="TlsFileException">The file cannot be used.</exception>
    public static X509Certificate2Collection? Anchors(TlsOptions options)
    {
        const string Key = "anchors_file";
        if (options.AnchorsFile is not { } file)
            return null;
        var anchors = new X509Certificate2Collection();
        try
        {
            anchors.ImportFromPem(CertificatePair.Text(file, Key));
        }
        catch (CryptographicException broken)
        {
            throw new TlsFileException(Key, $"{file}: cannot be read as certificates ({broken.Message}); write PEM", broken);
        }
        return anchors.Count > 0 ? anchors : throw new TlsFileException(Key, $"{file}: no certificate in it; write those of the authorities, as PEM");
    }

    /// <summary>Why the box would not start.</summary>
    /// <param name="options">The settings; paths are absolute.</param>
    /// <param name="now">The time.</param>
    /// <param name="findings">Receives what stops nothing and needs mending all the same.</param>
    public static IEnumerable<(string Key, string Problem)> Problems(TlsOptions options, DateTimeOffset now, ICollection<(string Key, string Problem)> findings)
    {
        var problems = new List<(string, string)>();
        if (options.Client != TlsPolicy.None)
        {
            if (Configured(options) is { } own)
                Try(() => Judge(own, isAuthority: false));
            else if (!File.Exists(options.AuthorityCertificateFile))
                problems.Add(("certificate_file", $"there is no certificate for clients: neither one here nor an authority of the box ({options.AuthorityCertificateFile} is not there). Give certificate_file and key_file, run 'cstp tls authority', or set client = \"none\"."));
            else
                Try(() => Judge(Authority(options), isAuthority: true));
        }
        Try(() => Anchors(options));
        return problems;

        void Judge(PairFiles files, bool isAuthority)
        {
            CertificatePair pair = CertificatePair.Read(files);
            if (pair.ProblemAt(now) is { } time)
                findings.Add((files.CertificateKey, $"{files.CertificateFile}: {time}"));
            if (isAuthority && TlsAuthority.ProblemOf(pair.Certificate) is { } unfit)
                problems.Add((files.CertificateKey, $"{files.CertificateFile}: {unfit}"));
        }

        void Try(Action read)
        {
            try
            {
                read();
            }
            catch (TlsFileException unusable)
            {
                problems.Add((unusable.Key, unusable.Message));
            }
        }
    }
}

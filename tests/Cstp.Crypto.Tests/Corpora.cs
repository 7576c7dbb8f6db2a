using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Org.BouncyCastle.Pkcs;

namespace Cstp.Crypto.Tests;

/// <summary>Messages that other projects published, kept beside the repository.</summary>
internal static partial class Corpora
{
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("CSTP_CORPORA") ?? Path.Combine(RepositoryFolder(), "../shared/corpora");

    public static byte[] Read(string path)
    {
        Assert.SkipUnless(Directory.Exists(Folder), "the corpora are not here (CSTP_CORPORA)");
        return File.ReadAllBytes(Path.Combine(Folder, path));
    }

    /// <summary>What the index states about a file.</summary>
    public static string Expected(string path)
    {
        Read("INDEX.tsv");
        return File.ReadLines(Path.Combine(Folder, "INDEX.tsv")).Single(line => line.StartsWith(path + "\t", StringComparison.Ordinal)).Split('\t')[5];
    }

    /// <summary>The digest of the plaintext that the index states.</summary>
    public static string ExpectedDigest(string path) => DigestPattern().Match(Expected(path)).Groups[1].Value;

    public static string Digest(byte[] octets) => Convert.ToHexStringLower(SHA256.HashData(octets));

    public static CmsIdentity Pkcs12(string path, string password)
    {
        Pkcs12Store store = new Pkcs12StoreBuilder().Build();
        store.Load(new MemoryStream(Read(path)), password.ToCharArray());
        string alias = store.Aliases.First(store.IsKeyEntry);
        return new CmsIdentity(
            new EncodedCertificate(store.GetCertificate(alias).Certificate.GetEncoded()),
            new Pkcs8PrivateKey(PrivateKeyInfoFactory.CreatePrivateKeyInfo(store.GetKey(alias).Key).GetDerEncoded()));
    }

    public static CmsIdentity Der(string certificate, string key) =>
        new(new EncodedCertificate(Read(certificate)), new Pkcs8PrivateKey(Read(key)));

    public static CmsIdentity Pem(string path)
    {
        string text = Encoding.ASCII.GetString(Read(path));
        return new CmsIdentity(new EncodedCertificate(Block(text, "CERTIFICATE")), new Pkcs8PrivateKey(Block(text, "PRIVATE KEY")));
    }

    /// <summary>The Base64 body of a mail message or PEM file.</summary>
    public static byte[] Body(string path)
    {
        string text = Encoding.ASCII.GetString(Read(path)).ReplaceLineEndings("\n");
        return text.StartsWith("-----", StringComparison.Ordinal)
            ? Block(text, "CMS")
            : Convert.FromBase64String(text[text.IndexOf("\n\n", StringComparison.Ordinal)..]);
    }

    private static byte[] Block(string text, string label)
    {
        while (true)
        {
            PemFields fields = PemEncoding.Find(text);
            if (text[fields.Label] == label)
                return Convert.FromBase64String(text[fields.Base64Data]);
            text = text[fields.Location.End..];
        }
    }

    public static string RepositoryFolder()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Cstp.Modular.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }

    [GeneratedRegex("(?:plaintext|content) sha256=([0-9a-f]{64})")]
    private static partial Regex DigestPattern();
}

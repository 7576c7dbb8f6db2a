using System.Security.Cryptography.X509Certificates;
using Cstp.Core.Tls;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Tls;

/// <summary>Certificates and keys in files: what is read, what is refused, and when a new one counts.</summary>
public sealed class ReloadedPairTests : IDisposable
{
    private readonly TlsWorkshop _workshop = new();
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    public void Dispose()
    {
        _workshop.Dispose();
        _folder.Dispose();
    }

    private PairFiles Files(string? passphrase = null) => new(_folder["mail.pem"], _folder["mail.key"], passphrase, "certificate_file", "key_file");

    [Fact]
    public void A_new_pair_counts_within_a_second_and_a_broken_one_leaves_the_old_in_force()
    {
        using X509Certificate2 first = _workshop.Issue("mail.amd.test"), second = _workshop.Issue("mail.amd.test");
        TlsWorkshop.Write(_folder.Root, "mail", first);
        var pair = new ReloadedPair(Files(), _time, NullLogger.Instance);
        File.WriteAllText(_folder["mail.pem"], "broken");
        Assert.Equal(first.Thumbprint, pair.Current.Certificate.Thumbprint);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(first.Thumbprint, pair.Current.Certificate.Thumbprint);
        // The certificate is new and its key not yet: still the old pair.
        File.WriteAllText(_folder["mail.pem"], second.ExportCertificatePem() + "\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(first.Thumbprint, pair.Current.Certificate.Thumbprint);
        TlsWorkshop.Write(_folder.Root, "mail", second);
        Assert.Equal(first.Thumbprint, pair.Current.Certificate.Thumbprint);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(second.Thumbprint, pair.Current.Certificate.Thumbprint);
    }

    [Fact]
    public void A_key_that_is_encrypted_is_read_with_its_passphrase_and_not_without()
    {
        using X509Certificate2 certificate = _workshop.Issue("mail.amd.test");
        TlsWorkshop.Write(_folder.Root, "mail", certificate);
        File.WriteAllText(_folder["mail.key"], certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem("secret", new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1000)));
        Assert.Contains("key_passphrase_file", Assert.Throws<TlsFileException>(() => CertificatePair.Read(Files())).Message, StringComparison.Ordinal);
        string passphrase = Private("passphrase", "secret\n");
        Assert.Equal(certificate.Thumbprint, CertificatePair.Read(Files(passphrase)).Certificate.Thumbprint);
        Assert.Equal("key_file", Assert.Throws<TlsFileException>(() => CertificatePair.Read(Files(Private("passphrase", "wrong")))).Key);
    }

    [Theory]
    [InlineData("certificate missing", "certificate_file", "cannot be read")]
    [InlineData("certificate empty", "certificate_file", "no certificate in it")]
    [InlineData("key missing", "key_file", "cannot be read")]
    [InlineData("key of another", "key_file", "no private key for the first certificate")]
    [InlineData("key for everybody", "key_file", "chmod o-rwx")]
    public void What_cannot_be_used_is_named_with_its_setting(string what, string key, string message)
    {
        using X509Certificate2 certificate = _workshop.Issue("mail.amd.test"), other = _workshop.Issue("mail.amd.test");
        TlsWorkshop.Write(_folder.Root, "mail", certificate);
        switch (what)
        {
            case "certificate missing":
                File.Delete(_folder["mail.pem"]);
                break;
            case "certificate empty":
                File.WriteAllText(_folder["mail.pem"], "");
                break;
            case "key missing":
                File.Delete(_folder["mail.key"]);
                break;
            case "key of another":
                File.WriteAllText(_folder["mail.key"], other.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
                break;
            default:
                File.SetUnixFileMode(_folder["mail.key"], (UnixFileMode)0b110_100_100);
                break;
        }
        TlsFileException unusable = Assert.Throws<TlsFileException>(() => CertificatePair.Read(Files()));
        Assert.Equal(key, unusable.Key);
        Assert.Contains(message, unusable.Message, StringComparison.Ordinal);
    }

    private string Private(string name, string content)
    {
        string file = _folder.Write(name, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }
}

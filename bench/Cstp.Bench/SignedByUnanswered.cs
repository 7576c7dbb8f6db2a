using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench;

/// <summary>A message signed by somebody whom an authority certified, and whose OCSP responder is a server that never answers.</summary>
internal sealed class SignedByUnanswered : IDisposable
{
    private readonly TemporaryFolder _folder;

    private SignedByUnanswered(TemporaryFolder folder, byte[] message) => (_folder, Message) = (folder, message);

    /// <summary>The authority's certificate, a file in PEM.</summary>
    public string Authority => _folder.Of("ca.pem");

    /// <summary>The message, with CRLF and without its dot.</summary>
    public byte[] Message { get; }

    /// <summary>Makes it, by the openssl command.</summary>
    /// <param name="responder">The port of the silent server.</param>
    public static async Task<SignedByUnanswered> MakeAsync(int responder)
    {
        var folder = new TemporaryFolder();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=unanswered authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 issuer = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        var user = new CertificateRequest("CN=Mila", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("mila@crowd.test");
        user.CertificateExtensions.Add(names.Build());
        user.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([$"http://127.0.0.1:{responder}/"], []));
        using X509Certificate2 certificate = user.Create(issuer, now.AddDays(-1), now.AddDays(29), RandomNumberGenerator.GetBytes(8));
        await File.WriteAllTextAsync(folder.Of("ca.pem"), issuer.ExportCertificatePem());
        await File.WriteAllTextAsync(folder.Of("mila.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder.Of("mila.key"), key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(folder.Of("text"), "Content-Type: text/plain\r\n\r\nHello\r\n");
        await Command.RunAsync(
            "openssl", "cms", "-sign", "-in", folder.Of("text"), "-signer", folder.Of("mila.pem"), "-inkey", folder.Of("mila.key"), "-crlfeol",
            "-from", "mila@crowd.test", "-to", "juro@amd.test", "-subject", "signed", "-out", folder.Of("message"));
        string text = (await File.ReadAllTextAsync(folder.Of("message"))).ReplaceLineEndings("\r\n");
        return new(folder, System.Text.Encoding.Latin1.GetBytes(text.TrimEnd() + "\r\n"));
    }

    public void Dispose() => _folder.Dispose();
}

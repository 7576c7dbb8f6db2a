using System.Text.Json;
using Cstp.Core.Trust;
using Cstp.Tests.Store;
using Cstp.Tests.Trust;

namespace Cstp.Tests.Host;

/// <summary><c>cstp certs import --crl</c> and <c>cstp certs crls</c>.</summary>
public sealed class CrlImportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCertificate _root = TestCertificate.Authority("root") with { NotBefore = DateTimeOffset.UtcNow.AddDays(-9), NotAfter = DateTimeOffset.UtcNow.AddDays(9) };

    public void Dispose() => _folder.Dispose();

    private Task<CstpProgram.Result> Run(params string[] arguments) => CstpProgram.RunAsync([.. arguments, "--config", Path.Combine(_folder["box"], "cstp.toml")]);

    [Fact]
    public async Task A_list_is_taken_from_an_authority_of_the_store_alone_and_shown()
    {
        (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "amd.test")).Expect(0);
        TestCertificate peer = TestCertificate.Of("mila@usi.test") with { Issuer = _root };
        await File.WriteAllBytesAsync(_folder["root.crl"], new TestCrl(_root, DateTimeOffset.UtcNow.AddDays(-1)) { Revoked = [peer] }.Issue().GetEncoded());
        await File.WriteAllBytesAsync(_folder["old.crl"], new TestCrl(_root, DateTimeOffset.UtcNow.AddDays(-8)).Issue().GetEncoded());
        await File.WriteAllTextAsync(_folder["root.pem"], CertificateFile.WritePem([_root.Encoded]));

        Assert.Contains("Import that first", (await Run("certs", "import", _folder["root.crl"], "--crl")).Expect(65).Error, StringComparison.Ordinal);
        (await Run("certs", "import", _folder["root.pem"], "--ca")).Expect(0);
        Assert.Contains("has run out", (await Run("certs", "import", _folder["old.crl"], "--crl")).Expect(65).Error, StringComparison.Ordinal);
        Assert.Contains("no CRL", (await Run("certs", "import", _folder["root.pem"], "--crl")).Expect(65).Error, StringComparison.Ordinal);
        (await Run("certs", "import", _folder["root.crl"], "--crl")).Expect(0);
        JsonElement list = Assert.Single((await Run("certs", "crls", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal(("CN=root", "import", 1), (list.GetProperty("issuer").GetString(), list.GetProperty("source").GetString(), list.GetProperty("revoked").GetInt32()));
    }
}

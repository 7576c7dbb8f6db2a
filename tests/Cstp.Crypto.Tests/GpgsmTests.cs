using System.Globalization;
using System.Text;
using Cstp.Abstractions;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;

namespace Cstp.Crypto.Tests;

/// <summary>Messages go to GnuPG's S/MIME side and come from it, in each algorithm that both have.</summary>
/// <remarks>Version 2.2 has no GCM, and its ECDH opens nothing of OpenSSL's either.</remarks>
public sealed class GpgsmTests : IDisposable
{
    private static readonly string[] s_batch = ["--batch", "--yes", "--disable-crl-checks"];

    private readonly ExternalProgram _gpgsm = new();
    private readonly byte[] _content = Exchange.Content(100_000);

    public GpgsmTests()
    {
        ExternalProgram.Require("gpgsm");
        _gpgsm.WriteCertificate("ca.crt", TestIdentities.Authority);
        _gpgsm.Write("content", _content);
        string fingerprint = Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(TestIdentities.Authority.Der.Span));
        File.WriteAllText(_gpgsm.PathOf("trustlist.txt"), $"{fingerprint} S relax\n");
        Run("--import", "ca.crt");
    }

    [Theory]
    [InlineData("rsa", DigestAlgorithm.Sha256)]
    [InlineData("pss", DigestAlgorithm.Sha256)]
    [InlineData("p256", DigestAlgorithm.Sha256)]
    [InlineData("p384", DigestAlgorithm.Sha384)]
    public async Task Gpgsm_verifies_what_we_sign(string signer, DigestAlgorithm digest)
    {
        SigningRequest request = Exchange.Signing(TestIdentities.ByName(signer), digest);
        _gpgsm.Write("signed", await Exchange.SignAsync(_content, request));
        Run("--output", "out", "--verify", "signed");
        Assert.Equal(_content, _gpgsm.Read("out"));

        _gpgsm.Write("detached", await Exchange.SignDetachedAsync(_content, request));
        Run("--verify", "detached", "content");
    }

    [Theory]
    [InlineData("rsa", "SHA256", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("rsa", "SHA512", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("p256", "SHA256", CmsAlgorithmNames.EcdsaP256)]
    [InlineData("p384", "SHA384", CmsAlgorithmNames.EcdsaP384)]
    public async Task We_verify_what_gpgsm_signs(string signer, string digest, string signature)
    {
        Import(TestIdentities.ByName(signer));
        Run("--digest-algo", digest, "--output", "signed", "--local-user", Address(signer), "--sign", "content");
        (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(_gpgsm.Read("signed"), 65536, TestIdentities.ByName(signer).Certificate);
        SignerResult found = Exchange.Signer(result);
        Assert.Equal((SignatureValidity.Valid, signature), (found.Validity, found.Signature));
        Assert.Equal(_content, output);

        Run("--digest-algo", digest, "--output", "detached", "--local-user", Address(signer), "--detach-sign", "content");
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer(await Exchange.VerifyDetachedAsync(_content, _gpgsm.Read("detached"), found.Digest)).Validity);
    }

    [Theory]
    [InlineData(ContentCipher.Aes128Cbc)]
    [InlineData(ContentCipher.Aes256Cbc)]
    public async Task Gpgsm_decrypts_what_we_encrypt(ContentCipher cipher)
    {
        CmsIdentity identity = TestIdentities.Rsa;
        Import(identity);
        // gpgsm ends with an error where the first recipient of the SET is a stranger. The one with the smaller serial number stands first, so the other is made later.
        CmsIdentity other = TestIdentities.Make("other", TestIdentities.RsaKey(65537));
        _gpgsm.Write("encrypted", await Exchange.EncryptAsync(_content, Exchange.Encryption(cipher, RsaKeyTransport.Pkcs1, other, identity)));
        Run("--output", "out", "--decrypt", "encrypted");
        Assert.Equal(_content, _gpgsm.Read("out"));
    }

    [Theory]
    [InlineData("AES128", CmsAlgorithmNames.Aes128Cbc)]
    [InlineData("AES192", CmsAlgorithmNames.Aes192Cbc)]
    [InlineData("AES256", CmsAlgorithmNames.Aes256Cbc)]
    public async Task We_decrypt_what_gpgsm_encrypts(string cipher, string name)
    {
        CmsIdentity identity = TestIdentities.Rsa;
        Import(identity);
        Run("--cipher-algo", cipher, "--output", "encrypted", "--recipient", Address("rsa"), "--encrypt", "content");
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(_gpgsm.Read("encrypted"), identity);
        Assert.Equal(new DecryptionResult.Decrypted(false, identity, name, CmsAlgorithmNames.RsaPkcs1), result);
        Assert.Equal(_content, output);
    }

    public void Dispose()
    {
        _gpgsm.TryRun("gpgconf", "--kill", "all");
        _gpgsm.Dispose();
    }

    private static string Address(string name) => $"<{name}@example.test>";

    private void Run(params string[] arguments) => _gpgsm.Run("gpgsm", [.. s_batch, .. arguments]);

    // The key goes where the agent keeps it: its PKCS#12 reader knows no current file.
    private void Import(CmsIdentity identity)
    {
        _gpgsm.WriteCertificate("imported.crt", identity.Certificate);
        Run("--import", "imported.crt");
        string fingerprint = Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(identity.Certificate.Der.Span));
        string listing = _gpgsm.Run("gpgsm", [.. s_batch, "--with-colons", "--with-keygrip", "--list-keys", fingerprint]);
        string grip = listing.Split('\n').First(line => line.StartsWith("grp:", StringComparison.Ordinal)).Split(':')[9];
        Directory.CreateDirectory(_gpgsm.PathOf("private-keys-v1.d"));
        File.WriteAllText(_gpgsm.PathOf($"private-keys-v1.d/{grip}.key"), $"Key: {Expression(TestIdentities.KeyOf(identity))}\n");
    }

    private static string Expression(AsymmetricKeyParameter key)
    {
        var text = new StringBuilder();
        if (key is RsaPrivateCrtKeyParameters rsa)
        {
            // libgcrypt wants p < q and u = p⁻¹ mod q.
            (BigInteger p, BigInteger q) = rsa.P.CompareTo(rsa.Q) < 0 ? (rsa.P, rsa.Q) : (rsa.Q, rsa.P);
            text.Append("(private-key (rsa ");
            foreach ((string name, BigInteger value) in new[]
                { ("n", rsa.Modulus), ("e", rsa.PublicExponent), ("d", rsa.Exponent), ("p", p), ("q", q), ("u", p.ModInverse(q)) })
                text.Append(CultureInfo.InvariantCulture, $"({name} #{Convert.ToHexString(value.ToByteArray())}#)");
            return text.Append("))").ToString();
        }

        var ec = (ECPrivateKeyParameters)key;
        string curve = ec.Parameters.Curve.FieldSize == 256 ? "NIST P-256" : "NIST P-384";
        byte[] point = ec.Parameters.G.Multiply(ec.D).Normalize().GetEncoded(false);
        return $"(private-key (ecc (curve \"{curve}\")(q #{Convert.ToHexString(point)}#)(d #{Convert.ToHexString(ec.D.ToByteArray())}#)))";
    }
}

using System.Security.Cryptography;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1.Cms;
using ContentInfo = Org.BouncyCastle.Asn1.Cms.ContentInfo;

namespace Cstp.Crypto.Tests;

/// <summary>
/// ML-DSA and ML-KEM with the openssl command of 3.5, both ways. They are explicit, as most machines have an older one; NewerOpenSslTests runs them, and ./test
/// leaves them out by their trait.
/// </summary>
[Trait("OpenSsl", "3.5")]
public sealed class OpenSslLatticeTests : IDisposable
{
    private readonly ExternalProgram _openssl = new();
    private readonly byte[] _content = Exchange.Content(100_000);

    public OpenSslLatticeTests()
    {
        _openssl.WriteCertificate("ca.crt", TestIdentities.Authority);
        _openssl.Write("content", _content);
    }

    [Theory(Explicit = true)]
    [InlineData(CmsAlgorithmNames.MlDsa44)]
    [InlineData(CmsAlgorithmNames.MlDsa65)]
    [InlineData(CmsAlgorithmNames.MlDsa87)]
    public async Task OpenSsl_verifies_what_we_sign(string signer)
    {
        SigningRequest request = Exchange.Signing(TestIdentities.ByName(signer));
        _openssl.Write("signed", await Exchange.SignAsync(_content, request));
        _openssl.Run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed", "-CAfile", "ca.crt", "-out", "out");
        Assert.Equal(_content, _openssl.Read("out"));
        _openssl.Write("detached", await Exchange.SignDetachedAsync(_content, request));
        _openssl.Run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "detached", "-content", "content", "-CAfile", "ca.crt", "-out", "out");
        _openssl.Write("content", Exchange.Content(99_999));
        Assert.NotEqual(0, _openssl.TryRun("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "detached", "-content", "content", "-CAfile", "ca.crt", "-out", "out").Status);
    }

    [Theory(Explicit = true)]
    [InlineData(CmsAlgorithmNames.MlDsa44)]
    [InlineData(CmsAlgorithmNames.MlDsa65)]
    [InlineData(CmsAlgorithmNames.MlDsa87)]
    public async Task We_verify_what_OpenSsl_signs(string signer)
    {
        _openssl.WriteIdentity("signer", TestIdentities.ByName(signer));
        foreach (string[] form in new string[][] { ["-nodetach"], ["-nodetach", "-stream"], ["-nodetach", "-keyid"], ["-nodetach", "-sha256"], [] })
        {
            string digest = form.Contains("-sha256") ? CmsAlgorithmNames.Sha256 : CmsAlgorithmNames.Sha512;
            _openssl.Run("openssl", ["cms", "-sign", "-binary", "-in", "content", "-signer", "signer.crt", "-inkey", "signer.key", "-md", digest,
                "-outform", "DER", "-out", "signed", .. form.Where(option => option != "-sha256")]);
            byte[] signed = _openssl.Read("signed");
            VerificationResult result;
            byte[] output = _content;
            if (form.Length == 0)
                result = await Exchange.VerifyDetachedAsync(_content, signed, digest);
            else
                (result, output) = await Exchange.VerifyAsync(signed);
            SignerResult found = Exchange.Signer(result);
            Assert.Equal((SignatureValidity.Valid, null, signer, digest), (found.Validity, found.Reason, found.Signature, found.Digest));
            Assert.Equal(_content, output);
        }
    }

    [Theory(Explicit = true)]
    [InlineData("ML-DSA-65", "ml-dsa", "seed-only")]
    [InlineData("ML-DSA-65", "ml-dsa", "priv-only")]
    [InlineData("ML-DSA-65", "ml-dsa", "seed-priv")]
    public async Task A_key_and_certificate_of_OpenSsl_sign(string algorithm, string family, string form)
    {
        CmsIdentity identity = MakeIdentity(algorithm, family, form);
        _openssl.Write("signed", await Exchange.SignAsync(_content, Exchange.Signing(identity)));
        _openssl.Run("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signed", "-CAfile", "made.crt", "-out", "out");
        Assert.Equal(_content, _openssl.Read("out"));
    }

    [Theory(Explicit = true)]
    [InlineData("ML-KEM-512", "seed-only")]
    [InlineData("ML-KEM-768", "priv-only")]
    [InlineData("ML-KEM-1024", "seed-priv")]
    public async Task OpenSsl_finds_the_secret_that_we_encapsulated(string algorithm, string form)
    {
        CmsIdentity identity = MakeIdentity(algorithm, "ml-kem", form);
        byte[] message = await Exchange.EncryptAsync(_content, Exchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, identity));
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(message, identity);
        Assert.IsType<DecryptionResult.Decrypted>(result);
        Assert.Equal(_content, output);

        // The cms command of 3.5 has no KEMRecipientInfo, so its parts are computed one by one.
        var data = AuthEnvelopedData.GetInstance(ContentInfo.GetInstance(message).Content);
        var recipient = KemRecipientInfo.GetInstance(((OtherRecipientInfo)RecipientInfo.GetInstance(data.RecipientInfos[0]).Info).OriValue);
        _openssl.Write("kemct", recipient.Kemct.GetOctets());
        _openssl.Run("openssl", "pkeyutl", "-decap", "-inkey", "made.key", "-in", "kemct", "-secret", "secret");
        // CMSORIforKEMOtherInfo, written out (RFC 9629 5): id-aes128-wrap with 16 octets, or id-aes256-wrap with 32.
        (string info, int length, string wrap) = algorithm == "ML-KEM-512"
            ? ("3010300B0609608648016503040105020110", 16, "-id-aes128-wrap")
            : ("3010300B060960864801650304012D020120", 32, "-id-aes256-wrap");
        byte[] kek = HKDF.DeriveKey(HashAlgorithmName.SHA256, _openssl.Read("secret"), length, null, Convert.FromHexString(info));
        _openssl.Write("wrapped", recipient.EncryptedKey.GetOctets());
        _openssl.Run("openssl", "enc", "-d", wrap, "-K", Convert.ToHexString(kek), "-iv", "A6A6A6A6A6A6A6A6", "-in", "wrapped", "-out", "cek");
        GcmParameters parameters = GcmParameters.GetInstance(data.AuthEncryptedContentInfo.ContentEncryptionAlgorithm.Parameters);
        using var gcm = new AesGcm(_openssl.Read("cek"), 16);
        byte[] plain = new byte[_content.Length];
        gcm.Decrypt(parameters.GetNonce(), data.AuthEncryptedContentInfo.EncryptedContent.GetOctets(), data.Mac.GetOctets(), plain);
        Assert.Equal(_content, plain);
    }

    public void Dispose() => _openssl.Dispose();

    /// <summary>A key in a form of RFC 9881 6 or RFC 9935 6, with a certificate, both by the command: made.key and made.crt.</summary>
    private CmsIdentity MakeIdentity(string algorithm, string family, string form)
    {
        _openssl.Run("openssl", "genpkey", "-algorithm", algorithm, "-provparam", $"{family}.output_formats={form}", "-out", "made.key");
        if (family == "ml-dsa")
        {
            _openssl.Run("openssl", "req", "-x509", "-new", "-key", "made.key", "-subj", "/CN=made", "-out", "made.crt");
        }
        else
        {
            _openssl.Run("openssl", "pkey", "-in", "made.key", "-pubout", "-out", "made.pub");
            _openssl.Run("openssl", "req", "-x509", "-newkey", "ML-DSA-65", "-nodes", "-keyout", "authority.key", "-subj", "/CN=authority", "-out", "authority.crt");
            _openssl.Run("openssl", "req", "-new", "-key", "authority.key", "-subj", "/CN=made", "-out", "made.csr");
            _openssl.Run("openssl", "x509", "-req", "-in", "made.csr", "-CA", "authority.crt", "-CAkey", "authority.key", "-force_pubkey", "made.pub", "-out", "made.crt");
        }
        return new CmsIdentity(new EncodedCertificate(Pem("made.crt")), new Pkcs8PrivateKey(Pem("made.key")));
    }

    private byte[] Pem(string file)
    {
        string text = System.Text.Encoding.ASCII.GetString(_openssl.Read(file));
        return Convert.FromBase64String(text[PemEncoding.Find(text).Base64Data]);
    }
}

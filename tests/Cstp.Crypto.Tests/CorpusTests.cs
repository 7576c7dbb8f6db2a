using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>Each file of the corpora's CMS folder has the outcome that their index states.</summary>
public sealed class CorpusTests
{
    [Theory]
    [InlineData("fran-oaep-label_ossl")]
    [InlineData("fran-oaep-sha256hash-sha256mgf_ossl")]
    [InlineData("fran-oaep-sha256mgf-label_ossl")]
    [InlineData("fran-oaep-sha256mgf_ossl")]
    [InlineData("fran-oaep-sha384mgf_ossl")]
    [InlineData("fran-oaep-sha512mgf_ossl")]
    [InlineData("fran-oaep_ossl-sha256hash-sha256mgf-label")]
    [InlineData("fran-ec_ossl-aes128-sha1")]
    [InlineData("fran-ec_ossl-aes128-sha256")]
    [InlineData("fran-ec_ossl-aes256-sha512")]
    public async Task Nss_interoperability_messages_decrypt(string name)
    {
        string path = $"cms/nss-interop/{name}.env";
        CmsIdentity fran = Corpora.Pkcs12(name.Contains("-ec_") ? "cms/nss-interop/Fran-ec.p12" : "cms/nss-interop/Fran.p12", "nss");
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(Corpora.Read(path), fran);
        Assert.IsType<DecryptionResult.Decrypted>(result);
        Assert.Equal(Corpora.ExpectedDigest(path), Corpora.Digest(output));
    }

    [Theory]
    [InlineData("5.1.bin")]
    [InlineData("5.3.eml")]
    public async Task Rfc_4134_enveloped_data_decrypts_where_triple_des_is_allowed(string name)
    {
        string path = $"cms/rfc4134/{name}";
        CmsIdentity bob = Corpora.Der("cms/rfc4134/BobRSASignByCarl.cer", "cms/rfc4134/BobPrivRSAEncrypt.pri");
        byte[] message = name.EndsWith(".eml", StringComparison.Ordinal) ? Corpora.Body(path) : Corpora.Read(path);
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(message, new DecryptionRequest([bob], AllowTripleDes: true));
        Assert.Equal(new DecryptionResult.Decrypted(false, bob, CmsAlgorithmNames.TripleDesCbc, CmsAlgorithmNames.RsaPkcs1), result);
        Assert.Equal(Corpora.ExpectedDigest(path), Corpora.Digest(output));
        Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(message, bob)).Result);
    }

    [Fact]
    public async Task E9_Rfc_4134_message_in_rc2_is_not_opened()
    {
        CmsIdentity bob = Corpora.Der("cms/rfc4134/BobRSASignByCarl.cer", "cms/rfc4134/BobPrivRSAEncrypt.pri");
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(Corpora.Read("cms/rfc4134/5.2.bin"), new DecryptionRequest([bob], AllowTripleDes: true));
        Assert.IsType<DecryptionResult.Failed>(result);
        Assert.Empty(output);
    }

    [Theory]
    [InlineData("4.1", CmsAlgorithmNames.Dsa)]
    [InlineData("4.2", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("4.4", CmsAlgorithmNames.Dsa)]
    [InlineData("4.5", CmsAlgorithmNames.RsaPkcs1)]
    [InlineData("4.7", CmsAlgorithmNames.Dsa)]
    [InlineData("4.10", CmsAlgorithmNames.Dsa)]
    public async Task Rfc_4134_signed_data_verifies(string name, string signature)
    {
        EncodedCertificate[] known =
        [
            new EncodedCertificate(Corpora.Read("cms/rfc4134/AliceDSSSignByCarlNoInherit.cer")),
            new EncodedCertificate(Corpora.Read("cms/rfc4134/AliceRSASignByCarl.cer")),
        ];
        (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(Corpora.Read($"cms/rfc4134/{name}.bin"), 65536, known);
        SignerResult signer = Exchange.Signer(result);
        Assert.Equal((SignatureValidity.Valid, CmsAlgorithmNames.Sha1), (signer.Validity, signer.Digest));
        Assert.Equal(signature, signer.Signature);
        Assert.Equal(Corpora.Read("cms/rfc4134/ExContent.bin"), output);
    }

    [Fact]
    public async Task Rfc_4134_detached_signature_verifies()
    {
        VerificationResult result = await Exchange.VerifyDetachedAsync(
            Corpora.Read("cms/rfc4134/ExContent.bin"), Corpora.Read("cms/rfc4134/4.3.bin"), CmsAlgorithmNames.Sha1);
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer(result).Validity);
    }

    [Fact]
    public async Task J2_Rfc_4134_message_of_two_signers_tells_of_each()
    {
        (VerificationResult result, _) = await Exchange.VerifyAsync(Corpora.Read("cms/rfc4134/4.6.bin"));
        VerificationResult.Checked both = Assert.IsType<VerificationResult.Checked>(result);
        // The second key takes its parameters from its issuer's certificate.
        Assert.Equal([SignatureValidity.Valid, SignatureValidity.Unsupported], both.Signers.Select(signer => signer.Validity).Order());
    }

    [Fact]
    public async Task Rfc_4134_message_without_signers_gives_its_certificates()
    {
        (VerificationResult result, _) = await Exchange.VerifyAsync(Corpora.Read("cms/rfc4134/4.11.bin"));
        VerificationResult.Checked certificates = Assert.IsType<VerificationResult.Checked>(result);
        Assert.Empty(certificates.Signers);
        Assert.NotEmpty(certificates.Certificates);
    }

    [Theory]
    [InlineData("3.1")]
    [InlineData("3.2")]
    [InlineData("6.0")]
    [InlineData("7.1")]
    [InlineData("7.2")]
    public async Task Rfc_4134_messages_of_other_types_are_no_results(string name)
    {
        byte[] message = Corpora.Read($"cms/rfc4134/{name}.bin");
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(message)).Result);
        Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(message, TestIdentities.P256)).Result);
    }

    [Theory]
    [InlineData("PSSSignDataSHA1.sig", CmsAlgorithmNames.Sha1)]
    [InlineData("PSSSignDataSHA256.sig", CmsAlgorithmNames.Sha256)]
    [InlineData("PSSSignDataSHA512Enc.sig", CmsAlgorithmNames.Sha512)]
    public async Task Pss_signatures_verify(string name, string digest)
    {
        byte[] signature = Corpora.Read($"cms/bc-sigs/{name}");
        byte[] content = Corpora.Read("cms/bc-sigs/PSSSignData.data");
        bool attached = name.Contains("Enc");
        VerificationResult result = attached
            ? (await Exchange.VerifyAsync(signature)).Result
            : await Exchange.VerifyDetachedAsync(content, signature, digest);
        SignerResult signer = Exchange.Signer(result);
        Assert.Null(signer.Reason);
        Assert.Equal((CmsAlgorithmNames.RsaPss, digest), (signer.Signature, signer.Digest));
    }

    [Fact]
    public async Task J13_Countersignatures_are_ignored() =>
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer((await Exchange.VerifyAsync(Corpora.Read("cms/bc-sigs/counterSig.p7m"))).Result).Validity);

    [Fact]
    public async Task Content_that_is_no_octet_string_is_malformed() =>
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(Corpora.Read("cms/bc-sigs/SignedMSPkcs7.sig"))).Result);

    [Theory]
    [InlineData("bad_signtime_attr")]
    [InlineData("ct_multiple_attr")]
    [InlineData("no_ct_attr")]
    public async Task J6_Broken_attributes_make_a_signature_invalid(string name) =>
        Assert.Equal(SignatureValidity.Invalid, Exchange.Signer((await Exchange.VerifyAsync(Corpora.Read($"cms/openssl/{name}.cms"))).Result).Validity);

    [Fact]
    public async Task Message_of_openssl_1_1_1_decrypts()
    {
        const string path = "cms/openssl/ciphertext_from_1_1_1.cms";
        var request = new DecryptionRequest([Corpora.Pem("cms/openssl/smec3.pem")], AllowTripleDes: true);
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(Corpora.Body(path), request);
        Assert.IsType<DecryptionResult.Decrypted>(result);
        Assert.Equal(Corpora.ExpectedDigest(path), Corpora.Digest(output));
    }

    [Theory]
    [InlineData("authenveloped_attrs")]
    [InlineData("bad_authenveloped_attrs")]
    public async Task Recipients_by_shared_key_are_not_ours(string name) =>
        Assert.Equal(
            new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes128Gcm, 1),
            (await Exchange.DecryptAsync(Corpora.Body($"cms/openssl/{name}.pem"), TestIdentities.Rsa)).Result);

    [Theory]
    [InlineData("cms_ber")]
    [InlineData("cms_der")]
    public async Task Ber_and_der_of_one_message_verify_alike(string name) =>
        Assert.Equal(SignatureValidity.Valid, Exchange.Signer((await Exchange.VerifyAsync(Corpora.Read($"cms/rustcrypto/{name}.bin"))).Result).Validity);

    [Theory]
    [InlineData("enveloped_data_kari", 1)]
    [InlineData("enveloped_data_ktri", 1)]
    [InlineData("enveloped_data_multi", 4)]
    public async Task Messages_to_others_find_no_key(string name, int recipients) =>
        Assert.Equal(
            new DecryptionResult.NoMatchingKey(CmsAlgorithmNames.Aes256Cbc, recipients),
            (await Exchange.DecryptAsync(Corpora.Read($"cms/rustcrypto/{name}.bin"), TestIdentities.Rsa, TestIdentities.P256)).Result);

    [Fact]
    public async Task Bundle_of_certificates_gives_them()
    {
        (VerificationResult result, _) = await Exchange.VerifyAsync(Corpora.Read("cms/rustcrypto/pkits.p7b"));
        VerificationResult.Checked bundle = Assert.IsType<VerificationResult.Checked>(result);
        Assert.Empty(bundle.Signers);
        Assert.Equal(2, bundle.Certificates.Count);
    }

    [Theory]
    [InlineData("kemri_auth_id-alg-hkdf-with-sha256")]
    [InlineData("kemri_auth_id-alg-hkdf-with-sha256_ukm")]
    [InlineData("kemri_id-alg-hkdf-with-sha256")]
    [InlineData("kemri_id-alg-hkdf-with-sha256_ukm")]
    public async Task Post_quantum_messages_open_with_each_form_of_the_key_and_are_nobody_elses(string name)
    {
        const string prefix = "cms/pqc-kem/mlkem768-2.16.840.1.101.3.4.4.2";
        byte[] message = Corpora.Read($"{prefix}_{name}.der");
        Assert.IsType<DecryptionResult.NoMatchingKey>((await Exchange.DecryptAsync(message, TestIdentities.Rsa, TestIdentities.MlKem768)).Result);
        foreach (string form in new[] { "seed", "expandedkey", "both" })
        {
            (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(message, Corpora.Der($"{prefix}_ee.der", $"{prefix}_{form}_priv.der"));
            if (Exchange.Module.Capabilities.KeyManagement.Contains(CmsAlgorithmNames.MlKem768))
            {
                Assert.Equal(CmsAlgorithmNames.MlKem768, Assert.IsType<DecryptionResult.Decrypted>(result).KeyManagement);
                Assert.Equal(Corpora.Read("cms/pqc-kem/expected_plaintext.txt"), output);
            }
            else
            {
                Assert.Contains(Exchange.Module.Capabilities.Library, Assert.IsType<DecryptionResult.Failed>(result).Reason);
            }
        }
    }

    [Theory]
    [InlineData(CmsAlgorithmNames.MlDsa44, "ml-dsa-44-2.16.840.1.101.3.4.3.17")]
    [InlineData(CmsAlgorithmNames.MlDsa65, "ml-dsa-65-2.16.840.1.101.3.4.3.18")]
    public async Task Post_quantum_signatures_verify(string signature, string name)
    {
        (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(Corpora.Read($"cms/pqc-signed/{name}_signed_attrs.der"));
        SignerResult signer = Exchange.Signer(result);
        Assert.Equal(signature, signer.Signature);
        Assert.Equal(Corpora.Read("cms/pqc-signed/expected_plaintext.txt"), output);
        if (Exchange.Module.Capabilities.Signatures.Contains(signature))
        {
            Assert.Equal((SignatureValidity.Valid, null), (signer.Validity, signer.Reason));
        }
        else
        {
            Assert.Equal(SignatureValidity.Unsupported, signer.Validity);
            Assert.Contains(Exchange.Module.Capabilities.Library, signer.Reason);
        }
    }
}

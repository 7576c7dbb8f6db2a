using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Reading;

namespace Cstp.Conformance.Crypto;

/// <summary>Encryption that is right: done by the module and opened by the suite, and the other way round; who can open it and who cannot.</summary>
internal static class EncryptingRules
{
    private static readonly byte[] s_content = Octets.Of(3000);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        .. EncryptingScheme.All.Select(scheme => new CryptoRule(
            $"encrypt.{scheme.Id}", $"what it encrypts with {scheme.Title} opens elsewhere", module => EncryptAsync(module, scheme), scheme.Needs)),
        .. EncryptingScheme.All.Select(scheme => new CryptoRule(
            $"decrypt.{scheme.Id}", $"what is encrypted elsewhere with {scheme.Title} opens", module => DecryptAsync(module, scheme), scheme.Needs)),
        new("written.gcm-parameters", "AES-GCM has a nonce of 12 octets and a tag of 16, and says so (RFC 5084 3.2)", GcmParametersAsync),
        new("written.fresh", "no two messages have a content key, nonce or vector in common", FreshAsync),
        new("recipients.mixed", "each of several recipients with other kinds of keys can open, and nobody else", MixedAsync),
        new("recipients.once", "a certificate that is given twice is written once", OnceAsync),
        new("recipients.other-key", "with the wrong keys it says that none is named, of how many, and writes nothing", OtherKeyAsync),
        new("recipients.key-of-another", "a certificate of a recipient with the key of another opens nothing", KeyOfAnotherAsync),
    ];

    private static async Task EncryptAsync(ModuleExchange module, EncryptingScheme scheme)
    {
        var reader = new EnvelopeReader(await module.EncryptAsync(s_content, ModuleExchange.Encryption(scheme.Cipher, scheme.Transport, scheme.Identity)));
        Expect.That(reader.Cipher.Equals(EnvelopedDataForge.Identifier(scheme.Cipher)), $"the content is encrypted with {reader.Cipher}");
        Expect.That(reader.IsAuthenticated == scheme.IsAuthenticated, reader.IsAuthenticated ? "CBC is written as AuthEnvelopedData" : "GCM is written as EnvelopedData");
        Expect.Same(s_content, reader.Open(scheme.Identity), "the message opened elsewhere");
    }

    private static async Task DecryptAsync(ModuleExchange module, EncryptingScheme scheme)
    {
        byte[] message = EnvelopedDataForge.Of(scheme.Cipher, scheme.How, scheme.Identity, s_content).Build();
        (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, TestIdentities.OtherRsa, scheme.Identity);
        DecryptionResult.Decrypted opened = Expect.Decrypted(result, "the message");
        Expect.Same(s_content, output, "the message");
        Expect.That(ReferenceEquals(opened.Key, scheme.Identity), "the result names another key");
        Expect.That(opened.ContentEncryption == scheme.CipherName && opened.KeyManagement == scheme.How, $"the result names {opened.ContentEncryption} for {opened.KeyManagement}");
        Expect.That(opened.Authenticated == scheme.IsAuthenticated, $"the result says Authenticated = {opened.Authenticated}");
    }

    private static async Task GcmParametersAsync(ModuleExchange module)
    {
        var reader = new EnvelopeReader(await module.EncryptAsync(s_content, ModuleExchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256)));
        Expect.That(
            (reader.Start.Length, reader.TagLength, reader.AnnouncedTagLength) == (12, 16, 16),
            $"nonce {reader.Start.Length}, tag {reader.TagLength}, announced {reader.AnnouncedTagLength} octets");
    }

    private static async Task FreshAsync(ModuleExchange module)
    {
        foreach (ContentCipher cipher in new[] { ContentCipher.Aes128Gcm, ContentCipher.Aes128Cbc })
        {
            var seen = new HashSet<string>();
            for (int i = 0; i < 20; i++)
            {
                var reader = new EnvelopeReader(await module.EncryptAsync([1], ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, TestIdentities.P256)));
                Expect.That(seen.Add(Convert.ToHexString(reader.ContentKey(TestIdentities.P256))), "two messages have one content key");
                Expect.That(reader.IsAuthenticated || seen.Add(Convert.ToHexString(reader.Start)), "two messages have one initialisation vector");
            }
        }
    }

    private static async Task MixedAsync(ModuleExchange module)
    {
        CmsIdentity[] all = [.. new (string How, CmsIdentity Identity)[]
        {
            (CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa), (CmsAlgorithmNames.EcdhP256, TestIdentities.P256),
            (CmsAlgorithmNames.EcdhP384, TestIdentities.P384), (CmsAlgorithmNames.X25519, TestIdentities.X25519),
            (CmsAlgorithmNames.MlKem768, TestIdentities.MlKem768),
        }.Where(kind => new Ability(AbilityKind.KeyManagement, kind.How).IsIn(module.Module.Capabilities)).Select(kind => kind.Identity)];
        foreach (ContentCipher cipher in Enum.GetValues<ContentCipher>())
        {
            byte[] message = await module.EncryptAsync(s_content, ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, all));
            foreach (CmsIdentity identity in all)
            {
                (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, identity);
                Expect.Decrypted(result, "the message to all");
                Expect.Same(s_content, output, "the message to all");
                Expect.Same(s_content, new EnvelopeReader(message).Open(identity), "the message to all, opened elsewhere");
            }
            Expect.That((await module.DecryptAsync(message, TestIdentities.OtherRsa)).Result is DecryptionResult.NoMatchingKey, "somebody else has a key");
        }
    }

    private static async Task OnceAsync(ModuleExchange module)
    {
        byte[] message = await module.EncryptAsync(
            s_content, ModuleExchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.Rsa, TestIdentities.P256, TestIdentities.Rsa));
        int count = new EnvelopeReader(message).Recipients;
        Expect.That(count == 2, $"{count} RecipientInfos for two certificates");
    }

    private static async Task OtherKeyAsync(ModuleExchange module)
    {
        foreach (ContentCipher cipher in new[] { ContentCipher.Aes256Gcm, ContentCipher.Aes128Cbc })
        {
            byte[] message = EnvelopedDataForge.Of(cipher, CmsAlgorithmNames.EcdhP256, TestIdentities.P256).Build();
            foreach (CmsIdentity[] keys in new CmsIdentity[][] { [], [TestIdentities.OtherRsa], [TestIdentities.OtherRsa, TestIdentities.Rsa] })
            {
                (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, keys);
                Expect.That(result is DecryptionResult.NoMatchingKey, $"{result} instead of NoMatchingKey");
                Expect.That(result.Equals(new DecryptionResult.NoMatchingKey(EncryptingScheme.Name(cipher), 1)), $"{result}");
                Expect.That(output.Length == 0, $"{output.Length} octets were written");
            }
        }
    }

    private static async Task KeyOfAnotherAsync(ModuleExchange module)
    {
        byte[] message = EnvelopedDataForge.Of(ContentCipher.Aes128Gcm, CmsAlgorithmNames.RsaPkcs1, TestIdentities.Rsa).Build();
        try
        {
            Expect.Failed((await module.DecryptAsync(message, new CmsIdentity(TestIdentities.Rsa.Certificate, TestIdentities.OtherRsa.PrivateKey))).Result, "the message");
        }
        catch (CmsKeyException)
        {
            // That the key is not the certificate's may be seen before it is used.
        }
    }
}

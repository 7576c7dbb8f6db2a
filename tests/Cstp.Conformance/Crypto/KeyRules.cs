using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Crypto;

/// <summary>Keys and certificates that cannot be used as asked.</summary>
internal static class KeyRules
{
    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("key.of-another-certificate", "a key that is not the certificate's is refused", async module =>
        {
            foreach ((CmsIdentity one, CmsIdentity other) in new[] { (TestIdentities.P256, TestIdentities.Rsa), (TestIdentities.Rsa, TestIdentities.OtherRsa) })
                await RefusedAsync(() => module.SignAsync([1], ModuleExchange.Signing(new CmsIdentity(one.Certificate, other.PrivateKey))), "the key of another");
        }),
        new("key.broken", "octets that are no key or certificate are refused", async module =>
        {
            await RefusedAsync(() => module.SignAsync([1], ModuleExchange.Signing(new CmsIdentity(TestIdentities.P256.Certificate, new Pkcs8PrivateKey(new byte[10])))), "a broken key");
            var broken = new CmsIdentity(new EncodedCertificate([0x30, 0]), TestIdentities.P256.PrivateKey);
            await RefusedAsync(() => module.SignAsync([1], ModuleExchange.Signing(broken)), "a broken certificate of the signer");
            await RefusedAsync(() => module.EncryptAsync([1], ModuleExchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, broken)), "a broken certificate of a recipient");
        }),
        new("key.only-signs", "a certificate whose key only signs is not encrypted to", async module =>
        {
            CmsIdentity[] kinds = [TestIdentities.Ed25519, TestIdentities.RsaPss, TestIdentities.MlDsa65];
            foreach (CmsIdentity identity in kinds)
                await RefusedAsync(() => module.EncryptAsync([1], ModuleExchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P256, identity)), "a key that only signs");
        }),
        new("key.only-decrypts", "a key that is only encrypted to does not sign", async module =>
        {
            await RefusedAsync(() => module.SignAsync([1], ModuleExchange.Signing(TestIdentities.X25519)), "an X25519 key");
            await RefusedAsync(() => module.SignAsync([1], ModuleExchange.Signing(TestIdentities.MlKem768)), "an ML-KEM key");
        }),
        new("key.reference", "a key by reference is refused by a module that takes none, and an unknown one by a module that does", module =>
            RefusedAsync(
                () => module.SignAsync([1], ModuleExchange.Signing(new CmsIdentity(TestIdentities.P256.Certificate, new PrivateKeyReference("pkcs11:object=no-such-key")))), "a reference")),
        new("key.no-recipient", "encryption to nobody is refused, and nothing is written that looks encrypted", async module =>
        {
            Exception refusal = await Expect.ThrowsAsync<Exception>(() => module.EncryptAsync([1], ModuleExchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1)), "no recipient");
            Expect.That(refusal is ArgumentException or CmsKeyException, $"{refusal.GetType().Name} instead of ArgumentException or CmsKeyException");
        }),
    ];

    private static async Task RefusedAsync(Func<Task> call, string what)
    {
        CmsKeyException refusal = await Expect.ThrowsAsync<CmsKeyException>(call, what);
        Expect.That(!string.IsNullOrWhiteSpace(refusal.Message), $"{what}: the refusal says nothing");
    }
}

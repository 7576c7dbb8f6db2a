using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;

namespace Cstp.Leaks;

/// <summary>Operations that are run with an allocation of libcrypto failing.</summary>
internal static class ShortageCases
{
    private static readonly byte[] s_content = Octets.Of(1000);

    /// <summary>The operations.</summary>
    /// <param name="module">The module.</param>
    public static IEnumerable<(string Name, Func<Task> Operation)> All(ICmsEnveloper module)
    {
        var exchange = new ModuleExchange(module, CancellationToken.None);
        // An older libcrypto has neither ML-DSA nor ML-KEM.
        IEnumerable<string> dsa = module.Capabilities.Signatures.Where(name => name == CmsAlgorithmNames.MlDsa65);
        IEnumerable<string> kem = module.Capabilities.KeyManagement.Where(name => name == CmsAlgorithmNames.MlKem768);
        foreach (string name in (string[])["rsa", "pss", "p256", "ed25519", .. dsa])
        {
            CmsIdentity signer = TestIdentities.ByName(name);
            byte[] signed = exchange.SignAsync(s_content, ModuleExchange.Signing(signer)).GetAwaiter().GetResult();
            // A copy of the identity is not remembered: its key is read each time.
            yield return ($"sign with {name}", () => exchange.SignAsync(s_content, ModuleExchange.Signing(Copy(signer))));
            yield return ($"verify {name}", () => exchange.VerifyAsync(signed));
        }
        foreach ((string name, ContentCipher cipher) in ((string, ContentCipher)[])[
            ("rsa", ContentCipher.Aes256Gcm), ("p256", ContentCipher.Aes128Cbc), ("x25519", ContentCipher.Aes256Gcm), .. kem.Select(name => (name, ContentCipher.Aes256Gcm))])
        {
            CmsIdentity recipient = TestIdentities.ByName(name);
            byte[] encrypted = exchange.EncryptAsync(s_content, ModuleExchange.Encryption(cipher, RsaKeyTransport.OaepSha256, recipient)).GetAwaiter().GetResult();
            yield return ($"encrypt to {name}", () => exchange.EncryptAsync(s_content, ModuleExchange.Encryption(cipher, RsaKeyTransport.OaepSha256, Copy(recipient))));
            yield return ($"decrypt with {name}", () => exchange.DecryptAsync(encrypted, Copy(recipient)));
        }
    }

    /// <summary>Lets the first allocation fail, then the second, until the operation does not notice any more.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>How many failed, and what went wrong, or null.</returns>
    public static async Task<(int Walked, string? Fault)> WalkAsync(Func<Task> operation)
    {
        for (int nth = 1; ; nth++)
        {
            LibCryptoMemory.FailOnce(nth);
            string? fault = null;
            try
            {
                await operation();
            }
            catch (Exception refused) when (refused is CmsKeyException or OutOfMemoryException or CryptographicException)
            {
                // Refused by the module, or by .NET, whose digests are the same libcrypto's.
            }
            catch (Exception other)
            {
                fault = $"allocation {nth}: {other}";
            }
            if (!LibCryptoMemory.HasFailed() || fault is not null)
                return (nth - 1, fault);
        }
    }

    private static CmsIdentity Copy(CmsIdentity identity) => identity with { Certificate = new EncodedCertificate(identity.Certificate.Der.Span) };
}

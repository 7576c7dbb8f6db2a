using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Crypto;

/// <summary>Content of sizes at which buffers and blocks end.</summary>
internal static class SizeRules
{
    private static readonly int[] s_sizes =
        [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 32767, 32768, 32769, 65535, 65536, 65537, 131071, 131072, 131073];

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("sizes.signed", "content from 0 octets to over 128 KiB is signed and comes out unchanged", SignedAsync),
        new("sizes.detached", "content from 0 octets to over 128 KiB is signed detached and verifies", DetachedAsync),
        .. Enum.GetValues<ContentCipher>().Select(cipher => new CryptoRule(
            $"sizes.{EncryptingScheme.Name(cipher)}", $"content from 0 octets to over 128 KiB is encrypted with {EncryptingScheme.Name(cipher)} and comes out unchanged",
            module => EncryptedAsync(module, cipher), new Ability(AbilityKind.ContentEncryption, EncryptingScheme.Name(cipher)))),
    ];

    private static async Task SignedAsync(ModuleExchange module)
    {
        foreach (int size in s_sizes)
        {
            byte[] content = Octets.Of(size);
            (VerificationResult result, byte[] output) = await module.VerifyAsync(await module.SignAsync(content, ModuleExchange.Signing(TestIdentities.P256)));
            Expect.Same(content, output, $"{size} octets");
            Expect.Valid(result, $"{size} octets");
        }
    }

    private static async Task DetachedAsync(ModuleExchange module)
    {
        foreach (int size in s_sizes)
        {
            byte[] content = Octets.Of(size);
            byte[] signature = await module.SignDetachedAsync(content, ModuleExchange.Signing(TestIdentities.P256));
            Expect.Valid(await module.VerifyDetachedAsync(content, signature, CmsAlgorithmNames.Sha256), $"{size} octets");
        }
    }

    private static async Task EncryptedAsync(ModuleExchange module, ContentCipher cipher)
    {
        foreach (int size in s_sizes)
        {
            byte[] content = Octets.Of(size);
            byte[] message = await module.EncryptAsync(content, ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, TestIdentities.P256));
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(message, TestIdentities.P256);
            Expect.Same(content, output, $"{size} octets");
            Expect.Decrypted(result, $"{size} octets");
        }
    }
}

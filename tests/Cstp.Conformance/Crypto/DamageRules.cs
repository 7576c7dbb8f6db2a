using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;

namespace Cstp.Conformance.Crypto;

/// <summary>Each bit of a small message turned over: row B7 of the catalogue of hostile inputs.</summary>
internal static class DamageRules
{
    private static readonly byte[] s_content = Octets.Of(50);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("damage.bitflip.signed", "B7: each bit of a signed message matters, or changes neither content nor signer", SignedAsync),
        new("damage.bitflip.detached", "B7: each bit of a detached signature matters, or changes no signer", DetachedAsync),
        new("damage.bitflip.gcm", "B7: each bit of an AuthEnvelopedData matters, or changes no content", GcmAsync),
        new("damage.bitflip.cbc", "B7: each bit of an EnvelopedData gives a result that claims no integrity", CbcAsync),
    ];

    private static IEnumerable<(byte[] Damaged, string What)> Flips(byte[] message)
    {
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] damaged = [.. message];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            yield return (damaged, $"bit {bit % 8} of octet {bit / 8}");
        }
    }

    private static async Task SignedAsync(ModuleExchange module)
    {
        byte[] message = new SignedDataForge { Content = s_content, Attributes = SignedDataForge.Binding(TestIdentities.P256) }.Build();
        Expect.Valid((await module.VerifyAsync(message)).Result, "the untouched message");
        foreach ((byte[] damaged, string what) in Flips(message))
        {
            (VerificationResult result, byte[] output) = await module.VerifyAsync(damaged);
            if (IsStillValid(result, what))
                Expect.Same(s_content, output, what);
        }
    }

    private static async Task DetachedAsync(ModuleExchange module)
    {
        byte[] signature = new SignedDataForge { Content = s_content, Attached = false, Attributes = SignedDataForge.Binding(TestIdentities.P256) }.Build();
        Expect.Valid(await module.VerifyDetachedAsync(s_content, signature, CmsAlgorithmNames.Sha256), "the untouched signature");
        foreach ((byte[] damaged, string what) in Flips(signature))
            IsStillValid(await module.VerifyDetachedAsync(s_content, damaged, CmsAlgorithmNames.Sha256), what);
    }

    /// <summary>Whether a signer is valid all the same, and then the right one.</summary>
    private static bool IsStillValid(VerificationResult result, string what)
    {
        if (result is not VerificationResult.Checked { Signers: [{ Validity: SignatureValidity.Valid } signer] })
            return false;
        Expect.That(TestIdentities.P256.Certificate.Equals(signer.Certificate), $"{what}: valid with another certificate");
        return true;
    }

    private static async Task GcmAsync(ModuleExchange module)
    {
        byte[] message = EnvelopedDataForge.Of(ContentCipher.Aes128Gcm, CmsAlgorithmNames.EcdhP256, TestIdentities.P256, s_content).Build();
        Expect.Decrypted((await module.DecryptAsync(message, TestIdentities.P256)).Result, "the untouched message");
        foreach ((byte[] damaged, string what) in Flips(message))
        {
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(damaged, TestIdentities.P256);
            if (result is DecryptionResult.Decrypted)
                Expect.Same(s_content, output, what);
        }
    }

    private static async Task CbcAsync(ModuleExchange module)
    {
        byte[] message = EnvelopedDataForge.Of(ContentCipher.Aes128Cbc, CmsAlgorithmNames.EcdhP256, TestIdentities.P256, s_content).Build();
        Expect.Decrypted((await module.DecryptAsync(message, TestIdentities.P256)).Result, "the untouched message");
        foreach ((byte[] damaged, string what) in Flips(message))
            Expect.That((await module.DecryptAsync(damaged, TestIdentities.P256)).Result is not DecryptionResult.Decrypted { Authenticated: true }, $"{what}: called authenticated");
    }
}

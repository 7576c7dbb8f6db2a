using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Cstp.Conformance.Reading;

namespace Cstp.Conformance.Crypto;

/// <summary>Messages that arrive in portions cut at every place.</summary>
internal static class PortionRules
{
    private static readonly byte[] s_content = Octets.Of(100);

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("portions.sign", "content may arrive in two portions cut anywhere, or octet by octet, to be signed", SignAsync),
        new("portions.encrypt", "content may arrive in two portions cut anywhere, or octet by octet, to be encrypted", EncryptAsync),
        new("portions.verify", "a signed message may arrive in two portions cut anywhere, or octet by octet", VerifyAsync),
        new("portions.verify-detached", "a detached signature may arrive in two portions cut anywhere, or octet by octet", VerifyDetachedAsync),
        new("portions.decrypt-cbc", "an EnvelopedData may arrive in two portions cut anywhere, or octet by octet", module => DecryptAsync(module, ContentCipher.Aes128Cbc)),
        new("portions.decrypt-gcm", "an AuthEnvelopedData may arrive in two portions cut anywhere, or octet by octet", module => DecryptAsync(module, ContentCipher.Aes128Gcm)),
    ];

    private static IEnumerable<(PortionReader Reader, string What)> Cuts(byte[] octets)
    {
        for (int at = 1; at < octets.Length; at++)
            yield return (new PortionReader(octets, at), $"cut at octet {at}");
        yield return (PortionReader.Of(octets, 1), "octet by octet");
        yield return (PortionReader.Of(octets, 7), "7 octets at a time");
    }

    private static async Task SignAsync(ModuleExchange module)
    {
        foreach ((PortionReader reader, string what) in Cuts(s_content))
            Expect.Same(s_content, new SignatureReader(await module.SignAsync(reader, ModuleExchange.Signing(TestIdentities.P256))).Content ?? [], what);
    }

    private static async Task EncryptAsync(ModuleExchange module)
    {
        foreach (ContentCipher cipher in new[] { ContentCipher.Aes128Cbc, ContentCipher.Aes256Gcm })
        {
            foreach ((PortionReader reader, string what) in Cuts(s_content))
            {
                byte[] message = await module.EncryptAsync(reader, ModuleExchange.Encryption(cipher, RsaKeyTransport.Pkcs1, TestIdentities.P256));
                Expect.Same(s_content, new EnvelopeReader(message).Open(TestIdentities.P256), what);
            }
        }
    }

    private static async Task VerifyAsync(ModuleExchange module)
    {
        foreach ((PortionReader reader, string what) in Cuts(new SignedDataForge { Content = s_content }.Build()))
        {
            (VerificationResult result, byte[] output) = await module.VerifyAsync(reader);
            Expect.Valid(result, what);
            Expect.Same(s_content, output, what);
        }
    }

    private static async Task VerifyDetachedAsync(ModuleExchange module)
    {
        byte[] signature = new SignedDataForge { Content = s_content, Attached = false }.Build();
        foreach ((PortionReader reader, string what) in Cuts(signature))
            Expect.Valid(await module.VerifyDetachedAsync(new PortionReader(s_content), reader, CmsAlgorithmNames.Sha256), what);
        foreach ((PortionReader reader, string what) in Cuts(s_content))
            Expect.Valid(await module.VerifyDetachedAsync(reader, new PortionReader(signature), CmsAlgorithmNames.Sha256), what);
    }

    private static async Task DecryptAsync(ModuleExchange module, ContentCipher cipher)
    {
        byte[] message = EnvelopedDataForge.Of(cipher, CmsAlgorithmNames.EcdhP256, TestIdentities.P256, s_content).Build();
        foreach ((PortionReader reader, string what) in Cuts(message))
        {
            (DecryptionResult result, byte[] output) = await module.DecryptAsync(reader, new DecryptionRequest([TestIdentities.P256]));
            Expect.Decrypted(result, what);
            Expect.Same(s_content, output, what);
        }
    }
}

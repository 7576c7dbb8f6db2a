using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Pkcs;

namespace Cstp.Fuzz.Targets;

/// <summary>Encrypted messages.</summary>
internal sealed class DecryptTarget(ICmsEnveloper module, IReadOnlyList<CmsIdentity> keys) : CmsTarget(module, keys)
{
    private static readonly byte[] s_content = Conformance.Forging.Octets.Of(70);

    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds()
    {
        foreach ((string name, int index, RsaKeyTransport transport) in new[]
        {
            ("rsa", 0, RsaKeyTransport.Pkcs1), ("oaep", 0, RsaKeyTransport.OaepSha256), ("p256", 2, RsaKeyTransport.Pkcs1), ("p521", 4, RsaKeyTransport.Pkcs1),
            ("x25519", 6, RsaKeyTransport.Pkcs1),
        })
        {
            foreach (ContentCipher cipher in new[] { ContentCipher.Aes256Gcm, ContentCipher.Aes128Cbc })
                yield return ($"{name}-{cipher}", Exchange.EncryptAsync(s_content, ModuleExchange.Encryption(cipher, transport, Keys[index])).GetAwaiter().GetResult());
        }
        var attributes = new DerSet(SignedDataForge.One(CmsAttributes.ContentType, PkcsObjectIdentifiers.Data));
        foreach ((string name, EnvelopedDataForge forge) in new (string, EnvelopedDataForge)[]
        {
            ("attributes", Forge(ContentCipher.Aes128Gcm, attributes)),
            ("der", Forge(ContentCipher.Aes128Gcm, null, der: true)),
            ("segments", Forge(ContentCipher.Aes128Cbc, null, segments: [0, 1, 15, 1, 0, 16])),
            ("ml-kem", EnvelopedDataForge.Of(ContentCipher.Aes256Gcm, CmsAlgorithmNames.MlKem512, Keys[8], s_content)),
        })
            yield return (name, forge.Build());
        yield return ("several", Exchange.EncryptAsync(s_content, ModuleExchange.Encryption(ContentCipher.Aes256Gcm, RsaKeyTransport.Pkcs1, Keys[3], Keys[0], Keys[6])).GetAwaiter().GetResult());
    }

    /// <inheritdoc/>
    protected override string Read(byte[] input, int portion)
    {
        (DecryptionResult result, byte[] output) =
            Exchange.DecryptAsync(PortionReader.Of(input, portion), new DecryptionRequest(Keys, AllowTripleDes: true)).GetAwaiter().GetResult();
        FuzzFinding.Unless(output.Length <= input.Length, $"{output.Length} octets of content in {input.Length} of message");
        // A random key stands in for one with wrong padding: what it decrypts in CBC, and whether its padding is right, is chance.
        return result is DecryptionResult.Failed or DecryptionResult.Decrypted { Authenticated: false, KeyManagement: CmsAlgorithmNames.RsaPkcs1 }
            ? "failed, or by chance"
            : $"{result} {(result is DecryptionResult.Decrypted ? Convert.ToHexString(output) : "")}";
    }

    private EnvelopedDataForge Forge(ContentCipher cipher, Asn1Set? attributes, bool der = false, IReadOnlyList<int>? segments = null) => new()
    {
        Cipher = cipher,
        Content = s_content,
        Recipients = [RecipientForge.Of(CmsAlgorithmNames.EcdhP256, Keys[2], Conformance.Forging.Octets.Of(16))],
        Attributes = attributes,
        Der = der,
        Segments = segments,
    };
}

using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.CryptoBouncyCastle;
using Cstp.CryptoOpenSslInterop;

namespace Cstp.Tests.EndToEnd;

/// <summary>Boxes with different crypto modules understand each other, and one module takes the other's place without any other change.</summary>
public sealed class TwoModulesTests
{
    [Theory]
    [InlineData("bouncycastle", "opensslinterop", "P256")]
    [InlineData("opensslinterop", "bouncycastle", "P256")]
    [InlineData("opensslinterop", "opensslinterop", "P256")]
    [InlineData("opensslinterop", "bouncycastle", "Rsa2048")]
    [InlineData("bouncycastle", "opensslinterop", "Rsa2048")]
    [InlineData("opensslinterop", "bouncycastle", "P384")]
    [InlineData("bouncycastle", "opensslinterop", "Ed25519")]
    [InlineData("opensslinterop", "bouncycastle", "Ed25519")]
    public async Task What_one_module_sealed_the_other_opens_octet_for_octet(string seals, string opens, string key)
    {
        await using var boxes = new TwoBoxes(key: Enum.Parse<KeyKind>(key), amdCrypto: Module(seals), intelCrypto: Module(opens));
        foreach (int size in new[] { 0, 100, 70_000, 1_000_000 })
        {
            byte[] message = Encoding.Latin1.GetBytes($"From: juro@amd.test\r\nSubject: {size}\r\n\r\n{string.Concat(Enumerable.Repeat("0123456789\r\n", size / 12))}");
            (RecordedMessage wire, RecordedMessage arrived) = await boxes.PassAsync(message);
            Assert.Contains("authEnveloped-data", wire.Text, StringComparison.Ordinal);
            Assert.Contains("smime=pass", arrived.Text, StringComparison.Ordinal);
            Assert.True(message.AsSpan().SequenceEqual(OctetEqualityTests.WithoutResults(arrived.Content)));
        }
    }

    /// <summary>Explicit, as libcrypto has these from 3.5 on only; the tests of crypto-opensslinterop run it there, and ./test leaves it out by its trait.</summary>
    [Theory(Explicit = true)]
    [Trait("OpenSsl", "3.5")]
    [InlineData("bouncycastle", "opensslinterop", "MlDsa65")]
    [InlineData("opensslinterop", "bouncycastle", "MlDsa65")]
    [InlineData("opensslinterop", "bouncycastle", "MlDsa87")]
    public Task What_one_module_sealed_with_post_quantum_keys_the_other_opens(string seals, string opens, string key) =>
        What_one_module_sealed_the_other_opens_octet_for_octet(seals, opens, key);

    private static ICmsEnveloper Module(string name) => name == "bouncycastle" ? new BouncyCastleEnveloper() : new OpenSslEnveloper();
}

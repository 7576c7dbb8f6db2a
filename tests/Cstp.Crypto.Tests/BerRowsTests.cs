using System.Diagnostics;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

/// <summary>Hostile BER, and damage at every place of small messages.</summary>
public sealed class BerRowsTests
{
    private static readonly byte[] s_content = Exchange.Content(50);

    private static readonly byte[] s_signedOid = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

    private static readonly byte[] s_dataOid = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

    // ContentInfo and SignedData up to eContent, all of indefinite length.
    private static readonly byte[] s_beginning =
        [0x30, 0x80, .. s_signedOid, 0xA0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 0x80, .. s_dataOid, 0xA0, 0x80];

    private static readonly byte[] s_end = [0, 0, 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0];

    [Fact]
    public async Task B1_A_signed_message_cut_at_each_octet_is_malformed()
    {
        byte[] message = await SignedAsync();
        for (int length = 0; length < message.Length; length++)
            Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(message[..length])).Result);
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync([.. message, 0])).Result);
    }

    [Theory]
    [InlineData(ContentCipher.Aes128Gcm)]
    [InlineData(ContentCipher.Aes128Cbc)]
    public async Task B1_An_encrypted_message_cut_at_each_octet_fails(ContentCipher cipher)
    {
        byte[] message = await EncryptedAsync(cipher);
        foreach (CmsIdentity key in new[] { TestIdentities.X25519, TestIdentities.P256 })
        {
            for (int length = 0; length < message.Length; length++)
                Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync(message[..length], key)).Result);
            Assert.IsType<DecryptionResult.Failed>((await Exchange.DecryptAsync([.. message, 0], key)).Result);
        }
    }

    [Fact]
    public async Task B3_Depth_and_empty_segments_end_at_the_budget()
    {
        byte[] million = [.. Enumerable.Repeat(new byte[] { 0x04, 0 }, 1_000_000).SelectMany(segment => segment)];
        byte[] deep = [.. Enumerable.Repeat(new byte[] { 0x24, 0x80 }, 1_000_000).SelectMany(segment => segment)];
        byte[] sets = [.. Enumerable.Repeat(new byte[] { 0x31, 0 }, 500_000).SelectMany(segment => segment)];
        var clock = Stopwatch.StartNew();
        await MalformedAsync([.. s_beginning, 0x24, 0x80, .. million, 0, 0, .. s_end]);
        await MalformedAsync([.. s_beginning, .. deep]);
        await MalformedAsync([.. s_beginning[..^(2 + s_dataOid.Length + 2 + 2)], 0x31, 0x80, .. sets, 0, 0]);
        await MalformedAsync(deep);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task B4_Lengths_need_not_be_minimal()
    {
        byte[] message = [.. s_beginning, 0x24, 0x80, 0x04, 0x84, 0, 0, 0, 2, (byte)'h', (byte)'i', 0x24, 4, 0x04, 0x81, 1, (byte)'!', 0, 0, .. s_end];
        (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(message);
        Assert.Empty(Assert.IsType<VerificationResult.Checked>(result).Signers);
        Assert.Equal("hi!"u8.ToArray(), output);
    }

    [Theory]
    [InlineData("0200")] // empty
    [InlineData("02020001")] // not minimal
    [InlineData("0202FF80")]
    [InlineData("0201")] // cut by the next element
    [InlineData("040101")] // another type
    public async Task B5_Bad_integers_are_malformed(string version) =>
        await MalformedAsync([.. s_beginning[..19], .. Convert.FromHexString(version), .. s_beginning[22..], 0x04, 0, .. s_end]);

    [Fact]
    public async Task B5_Bad_object_identifiers_are_malformed()
    {
        foreach (byte[] identifier in new byte[][] { [0x06, 0], [0x06, 2, 0x2A, 0x80], [0x06, 3, 0x2A, 0x80, 1], [0x06, 0x82, 0x27, 0x10, .. Enumerable.Repeat((byte)1, 10_000)] })
            await MalformedAsync([0x30, 0x80, .. identifier, .. s_beginning[13..], 0x04, 0, .. s_end]);
    }

    [Fact]
    public async Task B5_An_empty_relative_object_identifier_is_malformed()
    {
        // digestAlgorithms with one AlgorithmIdentifier, whose parameters are NULL, or are tagged otherwise.
        byte[] Message(byte tag) =>
            [.. s_beginning[..20], 0x31, 15, 0x30, 13, .. Convert.FromHexString("0609608648016503040201"), tag, 0, .. s_beginning[22..], 0x04, 0, .. s_end];
        Assert.IsType<VerificationResult.Checked>((await Exchange.VerifyAsync(Message(0x05))).Result);
        await MalformedAsync(Message(0x0D));
    }

    [Theory]
    [InlineData(0x13, true)]   // PrintableString
    [InlineData(0x12, false)]  // NumericString, which these letters are not
    [InlineData(0x15, false)]  // VideotexString, which names do not have
    [InlineData(0x1A, false)]  // VisibleString, neither
    public async Task E6_A_recipient_is_named_in_any_string_type_that_names_have(byte type, bool isNamed)
    {
        byte[] message = await Exchange.EncryptAsync(s_content, Exchange.Encryption(ContentCipher.Aes128Gcm, RsaKeyTransport.Pkcs1, TestIdentities.P384));
        int at = message.AsSpan().IndexOf((byte[])[0x0C, 4, .. "CSTP"u8]);
        Assert.True(at > 0);
        message[at] = type;
        (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(message, TestIdentities.P384);
        Assert.Equal(isNamed, result is DecryptionResult.Decrypted);
        Assert.Equal(isNamed ? s_content : [], output);
    }

    [Fact]
    public async Task B6_Other_tags_orders_and_forms_are_malformed()
    {
        byte[] good = [.. s_beginning, 0x04, 0, .. s_end];
        Assert.IsType<VerificationResult.Checked>((await Exchange.VerifyAsync(good)).Result);
        await MalformedAsync([]);
        await MalformedAsync([0, 0]);
        await MalformedAsync([.. s_beginning, 0x24, 0x80, 0x30, 0, 0, 0, .. s_end]); // a segment of another type
        await MalformedAsync([.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0xA1, 0, 0xA0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0]); // crls before certificates
        await MalformedAsync([.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // signerInfos missing
        await MalformedAsync([.. s_beginning, 0x04, 0, .. s_end[..^6], 5, 0, .. s_end[^6..]]); // something behind signerInfos
        await MalformedAsync([0x10, .. good[1..]]); // primitive
    }

    [Fact]
    public async Task B7_Each_bit_of_a_signed_message_matters_or_changes_nothing()
    {
        byte[] message = await SignedAsync();
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] damaged = [.. message];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            (VerificationResult result, byte[] output) = await Exchange.VerifyAsync(damaged);
            if (result is not VerificationResult.Checked { Signers: [{ Validity: SignatureValidity.Valid } signer] })
                continue;
            Assert.Equal(s_content, output);
            Assert.Equal(TestIdentities.Ed25519.Certificate, signer.Certificate);
        }
    }

    [Fact]
    public async Task B7_Each_bit_of_an_authenticated_message_matters_or_changes_nothing()
    {
        byte[] message = await EncryptedAsync(ContentCipher.Aes128Gcm);
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] damaged = [.. message];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            (DecryptionResult result, byte[] output) = await Exchange.DecryptAsync(damaged, TestIdentities.X25519);
            if (result is DecryptionResult.Decrypted)
                Assert.Equal(s_content, output);
        }
    }

    [Fact]
    public async Task B7_Each_bit_of_an_unauthenticated_message_gives_a_result()
    {
        byte[] message = await EncryptedAsync(ContentCipher.Aes128Cbc);
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            byte[] damaged = [.. message];
            damaged[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.NotNull((await Exchange.DecryptAsync(damaged, TestIdentities.X25519)).Result);
        }
    }

    private static Task<byte[]> SignedAsync() =>
        Exchange.SignAsync(s_content, Exchange.Signing(TestIdentities.Ed25519) with { Certificates = [] });

    private static Task<byte[]> EncryptedAsync(ContentCipher cipher) =>
        Exchange.EncryptAsync(s_content, Exchange.Encryption(cipher, RsaKeyTransport.Pkcs1, TestIdentities.X25519));

    private static async Task MalformedAsync(byte[] message) =>
        Assert.IsType<VerificationResult.Malformed>((await Exchange.VerifyAsync(message)).Result);
}

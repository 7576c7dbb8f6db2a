using System.Diagnostics;
using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Cstp.Conformance.Forging;
using Org.BouncyCastle.Asn1;

namespace Cstp.Conformance.Crypto;

/// <summary>The forms of BER, right and hostile: rows B1 to B6 of the catalogue of hostile inputs.</summary>
internal static class BerRules
{
    private const int Megabyte = 1 << 20;

    private static readonly byte[] s_content = Octets.Of(50);

    private static readonly byte[] s_signedOid = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

    private static readonly byte[] s_dataOid = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

    // ContentInfo and SignedData up to eContent, all of indefinite length.
    private static readonly byte[] s_beginning =
        [0x30, 0x80, .. s_signedOid, 0xA0, 0x80, 0x30, 0x80, 2, 1, 1, 0x31, 0, 0x30, 0x80, .. s_dataOid, 0xA0, 0x80];

    private static readonly byte[] s_end = [0, 0, 0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0];

    public static IReadOnlyList<CryptoRule> All { get; } =
    [
        new("ber.definite.signed", "a signed message of definite lengths (DER) verifies", module => VerifiesAsync(module, new SignedDataForge { Content = s_content, Der = true })),
        new("ber.indefinite.signed", "a signed message of indefinite lengths verifies", module => VerifiesAsync(module, new SignedDataForge { Content = s_content })),
        new("ber.constructed.signed", "content in constructed, nested and empty OCTET STRINGs is joined", module => VerifiesAsync(module, new SignedDataForge
        {
            Content = s_content,
            Segments =
            [
                new DerOctetString([]), new DerOctetString(s_content[..1]),
                new BerOctetString([new DerOctetString(s_content[1..10]), new BerOctetString([new DerOctetString(s_content[10..20]), new DerOctetString([])])]),
                new DerOctetString(s_content[20..]),
            ],
        })),
        .. new (string Id, ContentCipher Cipher)[] { ("cbc", ContentCipher.Aes128Cbc), ("gcm", ContentCipher.Aes128Gcm) }.SelectMany(kind => new CryptoRule[]
        {
            new($"ber.definite.{kind.Id}", $"an encrypted message of definite lengths (DER) opens, {kind.Id.ToUpperInvariant()}", module =>
                OpensAsync(module, new EnvelopedDataForge { Cipher = kind.Cipher, Der = true })),
            new($"ber.constructed.{kind.Id}", $"ciphertext in segments that end within blocks, and empty ones, is joined, {kind.Id.ToUpperInvariant()}", module =>
                OpensAsync(module, new EnvelopedDataForge { Cipher = kind.Cipher, Segments = [0, 1, 15, 1, 0, 16, 17, 3] })),
        }),
        new("ber.truncated.signed", "B1: a signed message cut at any octet is malformed", TruncatedSignedAsync),
        new("ber.truncated.cbc", "B1: an EnvelopedData cut at any octet fails", module => TruncatedAsync(module, ContentCipher.Aes128Cbc)),
        new("ber.truncated.gcm", "B1: an AuthEnvelopedData cut at any octet fails", module => TruncatedAsync(module, ContentCipher.Aes128Gcm)),
        new("ber.trailing", "B1: octets behind the outer value are an error", TrailingAsync),
        new("ber.lengths", "B2: impossible lengths are an error before any memory is taken", LengthsAsync),
        new("ber.depth", "B3: nesting a million deep ends at the budget", DepthAsync),
        new("ber.empty-segments", "B3: a million empty segments or sets end at the budget, in linear time", EmptyAsync),
        new("ber.lengths-long", "B4: lengths need not be minimal", LongLengthsAsync),
        new("ber.integer", "B5: an empty, non-minimal or cut INTEGER is malformed", IntegerAsync),
        new("ber.identifier", "B5: an empty or endless OBJECT IDENTIFIER is malformed", IdentifierAsync),
        new("ber.structure", "B6: other tags, orders, forms and fields are malformed", StructureAsync),
        new("ber.end-of-contents", "B6: end-of-contents is two zero octets, and no other length of zero", EndOfContentsAsync),
        new("ber.announced", "B6: digestAlgorithms that are none are malformed, of a detached signature too", AnnouncedAsync),
        new("ber.garbage", "what is no BER at all is an error, of any length, and read to its end", GarbageAsync),
    ];

    private static async Task VerifiesAsync(ModuleExchange module, SignedDataForge forge)
    {
        (VerificationResult result, byte[] output) = await module.VerifyAsync(forge.Build());
        Expect.Valid(result, "the message");
        Expect.Same(forge.Content, output, "the message");
    }

    private static async Task OpensAsync(ModuleExchange module, EnvelopedDataForge forge)
    {
        (DecryptionResult result, byte[] output) = await module.DecryptAsync(forge.Build(), TestIdentities.Rsa);
        Expect.Decrypted(result, "the message");
        Expect.Same(forge.Content, output, "the message");
    }

    private static async Task TruncatedSignedAsync(ModuleExchange module)
    {
        foreach (bool der in new[] { false, true })
        {
            byte[] message = new SignedDataForge { Content = s_content, Der = der }.Build();
            Expect.Valid((await module.VerifyAsync(message)).Result, "the whole message");
            for (int length = 0; length < message.Length; length++)
                Expect.Malformed((await module.VerifyAsync(message[..length])).Result, $"the first {length} of {message.Length} octets");
        }
    }

    private static async Task TruncatedAsync(ModuleExchange module, ContentCipher cipher)
    {
        byte[] message = EnvelopedDataForge.Of(cipher, CmsAlgorithmNames.EcdhP256, TestIdentities.P256, s_content).Build();
        Expect.Decrypted((await module.DecryptAsync(message, TestIdentities.P256)).Result, "the whole message");
        foreach (CmsIdentity key in new[] { TestIdentities.P256, TestIdentities.Rsa })
        {
            for (int length = 0; length < message.Length; length++)
                Expect.Failed((await module.DecryptAsync(message[..length], key)).Result, $"the first {length} of {message.Length} octets");
        }
    }

    private static async Task TrailingAsync(ModuleExchange module)
    {
        await VerifiesAsync(module, new SignedDataForge());
        await OpensAsync(module, new EnvelopedDataForge());
        foreach (byte[] garbage in new byte[][] { [0], [0, 0], [0x30, 0], [0x0D, 0x0A], Octets.Of(100) })
        {
            string what = $"{Convert.ToHexString(garbage[..1])} behind";
            Expect.Malformed((await module.VerifyAsync([.. new SignedDataForge().Build(), .. garbage])).Result, what);
            Expect.Malformed((await module.VerifyAsync([.. new SignedDataForge { Der = true }.Build(), .. garbage])).Result, what);
            foreach (ContentCipher cipher in new[] { ContentCipher.Aes128Gcm, ContentCipher.Aes128Cbc })
                Expect.Failed((await module.DecryptAsync([.. new EnvelopedDataForge { Cipher = cipher }.Build(), .. garbage], TestIdentities.Rsa)).Result, what);
            var detached = new SignedDataForge { Attached = false };
            Expect.Malformed(await module.VerifyDetachedAsync(detached.Content, [.. detached.Build(), .. garbage], CmsAlgorithmNames.Sha256), what);
        }
    }

    private static async Task LengthsAsync(ModuleExchange module)
    {
        foreach (string length in new[] { "84FFFFFFFF", "850100000000", "88FFFFFFFFFFFFFFFF", "887FFFFFFFFFFFFFFF", "89010000000000000000", "FF", "80" })
        {
            foreach (string tag in new[] { "02", "04", "31", "30", "A0" })
            {
                byte[] message = Convert.FromHexString("308006092A864886F70D010702A0803080" + tag + length + "00");
                long before = GC.GetTotalAllocatedBytes();
                Expect.Malformed((await module.VerifyAsync(message)).Result, $"tag {tag}, length {length}");
                Expect.Failed((await module.DecryptAsync(message, TestIdentities.P256)).Result, $"tag {tag}, length {length}");
                Expect.That(GC.GetTotalAllocatedBytes() - before < 64 * Megabyte, $"tag {tag}, length {length}: memory is taken");
            }
        }
    }

    private static async Task DepthAsync(ModuleExchange module)
    {
        foreach (byte[] level in new byte[][] { [0x24, 0x80], [0x30, 0x80], [0xA0, 0x80], [0x31, 0x80] })
        {
            byte[] deep = Repeat(level, 1_000_000);
            Expect.Malformed((await module.VerifyAsync(deep)).Result, "depth from the beginning");
            Expect.Failed((await module.DecryptAsync(deep, TestIdentities.P256)).Result, "depth from the beginning");
            Expect.Malformed((await module.VerifyAsync([.. s_beginning, .. deep])).Result, "depth in the content");
        }
        byte[] unsigned = Repeat([0x30, 0x80], 100_000);
        Expect.Malformed((await module.VerifyAsync([.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0x31, 0x80, .. unsigned])).Result, "depth in signerInfos");
        Expect.Malformed((await module.VerifyAsync([.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0xA0, 0x80, .. unsigned])).Result, "depth in certificates");
    }

    private static async Task EmptyAsync(ModuleExchange module)
    {
        var clock = Stopwatch.StartNew();
        Expect.Malformed((await module.VerifyAsync([.. s_beginning, 0x24, 0x80, .. Repeat([0x04, 0], 1_000_000), 0, 0, .. s_end])).Result, "a million empty segments");
        Expect.Malformed(
            (await module.VerifyAsync([.. s_beginning[..^(2 + s_dataOid.Length + 2 + 2)], 0x31, 0x80, .. Repeat([0x31, 0], 500_000), 0, 0])).Result, "500,000 empty sets");
        Expect.That(clock.Elapsed < TimeSpan.FromSeconds(10), $"takes {clock.Elapsed.TotalSeconds:0} s");
    }

    private static async Task LongLengthsAsync(ModuleExchange module)
    {
        byte[] message = [.. s_beginning, 0x24, 0x80, 0x04, 0x84, 0, 0, 0, 2, (byte)'h', (byte)'i', 0x24, 4, 0x04, 0x81, 1, (byte)'!', 0, 0, .. s_end];
        (VerificationResult result, byte[] output) = await module.VerifyAsync(message);
        Expect.That(Expect.Checked(result, "the message").Signers.Count == 0, "there is a signer");
        Expect.Same("hi!"u8.ToArray(), output, "the message");
    }

    private static async Task IntegerAsync(ModuleExchange module)
    {
        foreach (string version in new[] { "0200", "02020001", "0202FF80", "0201", "040101" })
            await MalformedAsync(module, [.. s_beginning[..19], .. Convert.FromHexString(version), .. s_beginning[22..], 0x04, 0, .. s_end], $"version {version}");
    }

    private static async Task IdentifierAsync(ModuleExchange module)
    {
        foreach (byte[] identifier in new byte[][] { [0x06, 0], [0x06, 2, 0x2A, 0x80], [0x06, 3, 0x2A, 0x80, 1], [0x06, 0x82, 0x27, 0x10, .. Enumerable.Repeat((byte)1, 10_000)] })
            await MalformedAsync(module, [0x30, 0x80, .. identifier, .. s_beginning[13..], 0x04, 0, .. s_end], $"identifier of {identifier.Length} octets");
    }

    private static async Task StructureAsync(ModuleExchange module)
    {
        byte[] good = [.. s_beginning, 0x04, 0, .. s_end];
        Expect.Checked((await module.VerifyAsync(good)).Result, "the untouched message");
        await MalformedAsync(module, [.. s_beginning, 0x24, 0x80, 0x30, 0, 0, 0, .. s_end], "a segment of another type");
        await MalformedAsync(module, [.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0xA1, 0, 0xA0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0], "crls before certificates");
        await MalformedAsync(module, [.. s_beginning, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "signerInfos missing");
        await MalformedAsync(module, [.. s_beginning, 0x04, 0, .. s_end[..^6], 5, 0, .. s_end[^6..]], "something behind signerInfos");
        await MalformedAsync(module, [0x10, .. good[1..]], "a primitive SEQUENCE");
        await MalformedAsync(module, [0x31, .. good[1..]], "a SET as ContentInfo");
    }

    private static async Task EndOfContentsAsync(ModuleExchange module)
    {
        byte[] good = [.. s_beginning, 0x04, 0, .. s_end];
        Expect.Checked((await module.VerifyAsync(good)).Result, "the untouched message");
        foreach (byte[] end in new byte[][] { [0, 0x81, 0], [0, 0x82, 0, 0], [0, 0x83, 0, 0, 0], [0x20, 0], [0, 1, 0] })
            await MalformedAsync(module, [.. good[..^2], .. end], $"{Convert.ToHexString(end)} at the end");
        await MalformedAsync(module, [.. good[..^6], 0, 0x83, 0, 0, 0, 0], "one that takes up three");
        byte[] encrypted = new EnvelopedDataForge().Build();
        Expect.Decrypted((await module.DecryptAsync(encrypted, TestIdentities.Rsa)).Result, "the untouched encrypted message");
        Expect.Failed((await module.DecryptAsync([.. encrypted[..^6], 0, 0x83, 0, 0, 0, 0], TestIdentities.Rsa)).Result, "one that takes up three, encrypted");
    }

    private static async Task AnnouncedAsync(ModuleExchange module)
    {
        foreach (bool attached in new[] { true, false })
        {
            var forge = new SignedDataForge { Attached = attached };
            byte[] good = forge.Build();
            int at = good.AsSpan().IndexOf((byte[])[0x31, 13, 0x30, 11]);
            at = at >= 0 ? at + 2 : good.AsSpan().IndexOf((byte[])[0x31, 15, 0x30, 13]) + 2;
            async Task<VerificationResult> JudgeAsync(byte[] message) => attached
                ? (await module.VerifyAsync(message)).Result
                : await module.VerifyDetachedAsync(forge.Content, message, CmsAlgorithmNames.Sha256);
            Expect.Valid(await JudgeAsync(good), "the untouched message");
            foreach ((int offset, byte octet) in new (int, byte)[] { (0, 0xB8), (2, 0x07), (2, 0x16), (1, 0) })
            {
                byte[] damaged = [.. good];
                damaged[at + offset] = octet;
                Expect.Malformed(await JudgeAsync(damaged), $"{octet:x2} in the place of {good[at + offset]:x2}");
            }
        }
    }

    private static async Task GarbageAsync(ModuleExchange module)
    {
        foreach (byte[] garbage in new byte[][] { [], [0], [0, 0], [0x30], [0x30, 0], [0x30, 0x80], [0xFF], "-----BEGIN CMS-----\r\n"u8.ToArray(), new byte[Megabyte], Octets.Of(Megabyte) })
        {
            string what = $"{garbage.Length} octets";
            await MalformedAsync(module, garbage, what);
            Expect.Failed((await module.DecryptAsync(garbage, TestIdentities.P256)).Result, what);
            Expect.Malformed(await module.VerifyDetachedAsync(s_content, garbage, CmsAlgorithmNames.Sha256), what);
        }
    }

    private static byte[] Repeat(byte[] octets, int times)
    {
        byte[] all = new byte[octets.Length * times];
        for (int i = 0; i < times; i++)
            octets.CopyTo(all, i * octets.Length);
        return all;
    }

    private static async Task MalformedAsync(ModuleExchange module, byte[] message, string what) => Expect.Malformed((await module.VerifyAsync(message)).Result, what);
}

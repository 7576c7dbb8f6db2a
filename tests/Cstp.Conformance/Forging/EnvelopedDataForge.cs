using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace Cstp.Conformance.Forging;

/// <summary>Builds AuthEnvelopedData or EnvelopedData in which any one thing can be wrong; untouched it decrypts.</summary>
internal sealed class EnvelopedDataForge
{
    public byte[] Content { get; init; } = Octets.Of(100);

    public ContentCipher Cipher { get; init; } = ContentCipher.Aes128Gcm;

    /// <summary>The content encryption key; its length is the cipher's.</summary>
    public byte[] Key { get; init; } = Octets.Of(16);

    public byte[] Nonce { get; init; } = Octets.Of(12);

    /// <summary>Octets of the mac.</summary>
    public int Tag { get; init; } = 16;

    /// <summary>The announced aes-ICVlen; null for none.</summary>
    public int? AnnouncedTag { get; init; } = 16;

    public Asn1Set? Attributes { get; init; }

    /// <summary>Other attributes on the wire than were authenticated.</summary>
    public Asn1Set? AttributesOnWire { get; init; }

    public DerObjectIdentifier ContentType { get; init; } = PkcsObjectIdentifiers.Data;

    /// <summary>Another content encryption algorithm than the cipher's.</summary>
    public DerObjectIdentifier? Algorithm { get; init; }

    /// <summary>The algorithm's parameters, where they are not to be the usual ones.</summary>
    public Asn1Encodable? Parameters { get; init; }

    public IReadOnlyList<Asn1Encodable>? Recipients { get; init; }

    /// <summary>Makes the ciphertext of CBC another one.</summary>
    public Func<byte[], byte[]>? Ciphertext { get; init; }

    /// <summary>Lengths of the segments of a constructed ciphertext, the rest last; null for a form of the library's choice.</summary>
    public IReadOnlyList<int>? Segments { get; init; }

    /// <summary>Whether all lengths are definite.</summary>
    public bool Der { get; init; }

    private bool IsCbc => Cipher is ContentCipher.Aes128Cbc or ContentCipher.Aes256Cbc;

    /// <summary>A message of a cipher with a key of its length.</summary>
    /// <param name="cipher">The cipher.</param>
    /// <param name="how">What brings the key: a name of <see cref="CmsAlgorithmNames"/>.</param>
    /// <param name="recipient">Whose key that is.</param>
    /// <param name="content">The content; null for any.</param>
    public static EnvelopedDataForge Of(ContentCipher cipher, string how, CmsIdentity recipient, byte[]? content = null)
    {
        byte[] key = Octets.Of(cipher is ContentCipher.Aes128Cbc or ContentCipher.Aes128Gcm ? 16 : 32);
        return new() { Cipher = cipher, Key = key, Content = content ?? Octets.Of(100), Recipients = [RecipientForge.Of(how, recipient, key)] };
    }

    /// <summary>The identifier of a cipher.</summary>
    public static DerObjectIdentifier Identifier(ContentCipher cipher) => cipher switch
    {
        ContentCipher.Aes128Cbc => NistObjectIdentifiers.IdAes128Cbc,
        ContentCipher.Aes256Cbc => NistObjectIdentifiers.IdAes256Cbc,
        ContentCipher.Aes128Gcm => NistObjectIdentifiers.IdAes128Gcm,
        _ => NistObjectIdentifiers.IdAes256Gcm,
    };

    public byte[] Build()
    {
        Asn1EncodableVector fields = IsCbc ? BuildCbc() : BuildGcm();
        DerObjectIdentifier type = IsCbc ? CmsObjectIdentifiers.EnvelopedData : CmsObjectIdentifiers.AuthEnvelopedData;
        return Der
            ? new DerSequence(type, new DerTaggedObject(0, new DerSequence(fields))).GetEncoded(Asn1Encodable.Der)
            : new BerSequence(type, new BerTaggedObject(0, new BerSequence(fields))).GetEncoded();
    }

    private Asn1EncodableVector BuildCbc()
    {
        byte[] vector = Octets.Of(16);
        var cipher = new PaddedBufferedBlockCipher(new CbcBlockCipher(AesUtilities.CreateEngine()), new Pkcs7Padding());
        cipher.Init(true, new ParametersWithIV(new KeyParameter(Key), vector));
        byte[] output = cipher.DoFinal(Content);
        return
        [
            DerInteger.Two,
            new BerSet(RecipientInfos()),
            EncryptedContent(Parameters ?? new DerOctetString(vector), Ciphertext?.Invoke(output) ?? output),
        ];
    }

    private Asn1EncodableVector BuildGcm()
    {
        var cipher = new GcmBlockCipher(AesUtilities.CreateEngine());
        cipher.Init(true, new AeadParameters(new KeyParameter(Key), 128, Nonce.Length == 0 ? new byte[12] : Nonce, Attributes?.GetDerEncoded()));
        byte[] output = new byte[cipher.GetOutputSize(Content.Length)];
        int count = cipher.ProcessBytes(Content, output);
        cipher.DoFinal(output.AsSpan(count));
        Asn1Encodable parameters = Parameters
            ?? (AnnouncedTag is int length
                ? new DerSequence(new DerOctetString(Nonce), DerInteger.ValueOf(length))
                : new DerSequence(new DerOctetString(Nonce)));
        Asn1EncodableVector fields = [DerInteger.Zero, new BerSet(RecipientInfos()), EncryptedContent(parameters, output[..Content.Length])];
        Asn1Set? onWire = AttributesOnWire ?? Attributes;
        if (onWire is not null)
            fields.Add(new DLTaggedObject(false, 1, onWire));
        fields.Add(new DerOctetString(output.AsSpan(Content.Length, Tag).ToArray()));
        return fields;
    }

    private Asn1Encodable[] RecipientInfos() => [.. Recipients ?? [Recipient(TestIdentities.Rsa, Key)]];

    private BerSequence EncryptedContent(Asn1Encodable parameters, byte[] ciphertext) => new(
        ContentType,
        new AlgorithmIdentifier(Algorithm ?? Identifier(Cipher), parameters),
        Segments is null ? new BerTaggedObject(false, 0, new BerOctetString(ciphertext)) : new BerTaggedObject(false, 0, Segmented(ciphertext)));

    private BerOctetString Segmented(byte[] octets)
    {
        var segments = new List<Asn1OctetString>();
        int offset = 0;
        foreach (int length in Segments!)
        {
            int taken = Math.Min(length, octets.Length - offset);
            segments.Add(new DerOctetString(octets[offset..(offset + taken)]));
            offset += taken;
        }
        segments.Add(new DerOctetString(octets[offset..]));
        return new BerOctetString(segments.ToArray());
    }

    /// <summary>A key transport RecipientInfo with RSAES-PKCS1-v1_5.</summary>
    public static Asn1Encodable Recipient(CmsIdentity identity, byte[] key) => RecipientForge.Of(CmsAlgorithmNames.RsaPkcs1, identity, key);

    /// <summary>A key transport RecipientInfo with any value.</summary>
    public static Asn1Encodable Recipient(CmsIdentity identity, AlgorithmIdentifier algorithm, byte[] encryptedKey) =>
        RecipientForge.Transport(identity, algorithm, encryptedKey);
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using CryptoSample.Ber;
using CryptoSample.Keys;
using CryptoSample.Signing;
using Cstp.Abstractions;

namespace CryptoSample.Encrypting;

/// <summary>A content key that a RecipientInfo gave.</summary>
/// <param name="Identity">The key that opened it.</param>
/// <param name="KeyManagement">The algorithm's name.</param>
/// <param name="Octets">The content key; null where a key matched and what followed failed.</param>
internal sealed record FoundKey(CmsIdentity Identity, string KeyManagement, byte[]? Octets);

/// <summary>Looks through RecipientInfos (RFC 5652 6.2) for those that name one of our keys.</summary>
/// <param name="keys">Our keys.</param>
internal sealed class KeyFinding(IReadOnlyList<CmsIdentity> keys)
{
    private const int MostRecipients = 2_000;
    private const int MostTries = 8;

    private readonly List<(CmsIdentity Identity, Certificate Certificate)> _own =
        [.. keys.Select(key => (key, Certificate.TryRead(key.Certificate))).Where(one => one.Item2 is not null).Select(one => (one.key, one.Item2!))];

    /// <summary>Recipients seen, each RecipientInfo once.</summary>
    public int Recipients { get; private set; }

    /// <summary>What matched.</summary>
    public List<FoundKey> Found { get; } = [];

    /// <summary>Looks at one RecipientInfo.</summary>
    /// <param name="tag">Its identifier octet.</param>
    /// <param name="encoded">The element.</param>
    public void Look(byte tag, AsnReader encoded)
    {
        if (++Recipients > MostRecipients)
            throw new MalformedException($"more than {MostRecipients} recipients");
        switch (tag)
        {
            case 0x30:
                LookAtTransport(encoded.ReadSequence());
                break;
            case 0xA1:
                LookAtAgreement(encoded.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1)));
                break;
            case 0xA2 or 0xA3 or 0xA4:
                break;   // shared keys, passwords and others are never tried
            default:
                throw new MalformedException("a RecipientInfo of a kind that does not exist");
        }
    }

    private void LookAtTransport(AsnReader info)
    {
        Version(info, 0, 2);
        SignerIdentifier identifier = SignerInfo.ReadIdentifier(info);
        (string algorithm, _) = Der.ReadAlgorithm(info);
        byte[] encrypted = info.ReadOctetString();
        info.ThrowIfNotEmpty();
        foreach ((CmsIdentity identity, _) in Named(identifier))
        {
            byte[]? key = null;
            if (algorithm == Oids.Rsa && Certificate.Read(identity.Certificate).IsRsa)
            {
                using RSA rsa = PrivateKey.OpenRsa(identity);
                key = Decrypt(rsa, encrypted);
            }
            Found.Add(new FoundKey(identity, algorithm == Oids.Rsa ? CmsAlgorithmNames.RsaPkcs1 : algorithm, key));
        }
    }

    private static byte[]? Decrypt(RSA rsa, byte[] encrypted)
    {
        try
        {
            return rsa.Decrypt(encrypted, RSAEncryptionPadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private void LookAtAgreement(AsnReader info)
    {
        Version(info, 3, 3);
        AsnReader originator = info.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        byte[] point = [];
        if (originator.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            AsnReader key = originator.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1));
            (string keyAlgorithm, ReadOnlyMemory<byte> curve) = Der.ReadAlgorithm(key);
            byte[] octets = key.ReadBitString(out int unused);
            key.ThrowIfNotEmpty();
            if (keyAlgorithm == Oids.Ec && unused == 0 && IsP256(curve))
                point = octets;
        }
        else
        {
            originator.ReadEncodedValue();   // static-static agreement: not tried
        }
        originator.ThrowIfNotEmpty();
        byte[]? material = null;
        if (info.HasData && info.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 1)))
        {
            AsnReader tagged = info.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 1));
            material = tagged.ReadOctetString();
            tagged.ThrowIfNotEmpty();
        }
        (string algorithm, ReadOnlyMemory<byte> wrap) = Der.ReadAlgorithm(info);
        AsnReader wrapped = info.ReadSequence();
        info.ThrowIfNotEmpty();
        while (wrapped.HasData)
        {
            AsnReader one = wrapped.ReadSequence();
            SignerIdentifier identifier = ReadRecipient(one);
            byte[] encrypted = one.ReadOctetString();
            one.ThrowIfNotEmpty();
            foreach ((CmsIdentity identity, Certificate certificate) in Named(identifier))
            {
                byte[]? key = null;
                if (algorithm == Oids.AgreementSha256 && certificate.IsP256 && !wrap.IsEmpty)
                {
                    using ECDiffieHellman own = PrivateKey.OpenEcdh(identity);
                    key = KeyAgreement.Unwrap(own, point, wrap, material, encrypted);
                }
                Found.Add(new FoundKey(identity, CmsAlgorithmNames.EcdhP256, key));
            }
        }
    }

    /// <summary>IssuerAndSerialNumber, or RecipientKeyIdentifier [0].</summary>
    private static SignerIdentifier ReadRecipient(AsnReader reader)
    {
        var tag = new Asn1Tag(TagClass.ContextSpecific, 0);
        return reader.PeekTag().HasSameClassAndValue(tag)
            ? new SignerIdentifier(default, default, reader.ReadSequence(tag).ReadOctetString())
            : SignerInfo.ReadIdentifier(reader);
    }

    /// <summary>Absent parameters are inherited from the recipient's key, which is P-256 (RFC 5753 3.1.1 has NULL or absence there).</summary>
    private static bool IsP256(ReadOnlyMemory<byte> curve) =>
        curve.IsEmpty || curve.Span.SequenceEqual((byte[])[5, 0]) || curve.Span.SequenceEqual(Der.Write(writer => writer.WriteObjectIdentifier(Oids.P256)));

    private IEnumerable<(CmsIdentity Identity, Certificate Certificate)> Named(SignerIdentifier identifier) =>
        _own.Where(one => one.Certificate.IsNamedBy(identifier)).TakeWhile(_ => Found.Count < MostTries);

    private static void Version(AsnReader reader, int one, int other)
    {
        if (!reader.TryReadInt32(out int version) || (version != one && version != other))
            throw new MalformedException("a RecipientInfo of another version");
    }
}

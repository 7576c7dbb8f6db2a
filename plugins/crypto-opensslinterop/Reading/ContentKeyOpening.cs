using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>Opens the content key with a private key.</summary>
/// <param name="key">The key.</param>
/// <param name="keyLength">Octets of the content key.</param>
/// <param name="contentCipher">The content cipher's name.</param>
internal sealed class ContentKeyOpening(PrivateKey key, int keyLength, string contentCipher)
{
    /// <summary>Opens.</summary>
    /// <param name="recipient">A way that names the key.</param>
    /// <returns>The content key and the algorithm's name; no key where it failed.</returns>
    public (byte[]? ContentKey, string Name) Open(RecipientValue recipient)
    {
        try
        {
            return recipient switch
            {
                RecipientValue.Transport transport => Open(transport),
                RecipientValue.Encapsulation encapsulation => Open(encapsulation),
                _ => Open((RecipientValue.Agreement)recipient),
            };
        }
        catch (Exception e) when (e is AsnContentException or CmsSyntaxException or OpenSslException)
        {
            return (null, "");
        }
    }

    private (byte[]?, string) Open(RecipientValue.Transport recipient)
    {
        if (key.Certificate.Algorithm != Oids.Rsa)
            return (null, "");
        switch (recipient.Algorithm.Oid)
        {
            case Oids.Rsa:
                // Wrong padding goes on with a random key, so that nobody learns of it (RFC 3218 2.3.2).
                byte[] random = RandomNumberGenerator.GetBytes(keyLength);
                byte[]? opened = key.Key.Decrypt(recipient.EncryptedKey, ("rsa_padding_mode", "pkcs1"));
                return (opened?.Length == keyLength ? opened : random, CmsAlgorithmNames.RsaPkcs1);
            case Oids.RsaOaep:
                (string digest, string mask, byte[] label) = ReadOaep(recipient.Algorithm.Parameters);
                List<(string, string)> controls = [("rsa_padding_mode", "oaep"), ("rsa_oaep_md", digest), ("rsa_mgf1_md", mask)];
                if (label.Length > 0)
                    controls.Add(("rsa_oaep_label", Convert.ToHexStringLower(label)));
                return (OfLength(key.Key.Decrypt(recipient.EncryptedKey, [.. controls])), CmsAlgorithmNames.RsaOaep);
            default:
                return (null, "");
        }
    }

    private (byte[]?, string) Open(RecipientValue.Agreement recipient)
    {
        if (recipient.Originator is not { } originator || AgreementScheme.Find(recipient.Algorithm.Oid) is not { } scheme)
            return (null, "");
        bool isX25519 = key.Certificate.Algorithm == Oids.X25519;
        if ((!isX25519 && key.Certificate.Algorithm != Oids.Ec) || recipient.Algorithm.Parameters.IsEmpty || originator.Algorithm.Oid != key.Certificate.Algorithm)
            return (null, "");
        AlgorithmValue wrap = AlgorithmValue.Read(new AsnReader(recipient.Algorithm.Parameters, AsnEncodingRules.BER));
        bool isTripleDes = wrap.Oid == TripleDesWrap.Oid && contentCipher == CmsAlgorithmNames.TripleDesCbc;
        if ((isTripleDes ? TripleDesWrap.KeyLength : AgreementScheme.WrapKeyLength(wrap.Oid)) is not { } wrapLength)
            return (null, "");
        // On the recipient's own curve: parameters that a sender gives are not believed (RFC 5753 3.1.1).
        using EvpKey peer = isX25519 ? EvpKey.ReadX25519(originator.Key) : EvpKey.ReadPoint(originator.Key, key.Key);
        if (key.Key.Agree(peer) is not { } secret)
            return (null, "");
        byte[] wrapKey = scheme.Derive(secret, DerForm.Of(recipient.Algorithm.Parameters), wrapLength, recipient.Material is { } material ? material.AsMemory() : (ReadOnlyMemory<byte>?)null);
        byte[]? contentKey = isTripleDes ? TripleDesWrap.Unwrap(wrapKey, recipient.EncryptedKey) : EvpKeyWrap.Unwrap(wrapKey, recipient.EncryptedKey);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrapKey);
        return (OfLength(contentKey), isX25519 ? CmsAlgorithmNames.X25519 : key.Certificate.Curve!.AgreementName);
    }

    private (byte[]?, string) Open(RecipientValue.Encapsulation recipient)
    {
        if (key.Certificate.Lattice is not { Encapsulates: true } lattice || recipient.Kem.Oid != lattice.Oid || !recipient.Kem.Parameters.IsEmpty)
            return (null, "");
        // RFC 9936 2.2.1: the length must be that of the wrap's key.
        if (EncapsulationScheme.Find(recipient.Kdf.Oid) is not { } scheme || !recipient.Kdf.Parameters.IsEmpty || AgreementScheme.WrapKeyLength(recipient.Wrap.Oid) != recipient.KekLength)
            return (null, lattice.Name);
        if (key.Key.Decapsulate(recipient.Ciphertext) is not { } secret)
            return (null, lattice.Name);
        byte[] wrapKey = scheme.Derive(secret, DerForm.Of(recipient.WrapElement), recipient.KekLength, recipient.Material);
        byte[]? contentKey = EvpKeyWrap.Unwrap(wrapKey, recipient.EncryptedKey);
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrapKey);
        return (OfLength(contentKey), lattice.Name);
    }

    private byte[]? OfLength(byte[]? contentKey) => contentKey?.Length == keyLength ? contentKey : null;

    /// <summary>RSAES-OAEP-params (RFC 4055 4.1).</summary>
    private static (string Digest, string Mask, byte[] Label) ReadOaep(ReadOnlyMemory<byte> parameters)
    {
        string digest = CmsAlgorithmNames.Sha1;
        string mask = CmsAlgorithmNames.Sha1;
        byte[] label = [];
        if (parameters.IsEmpty)
            return (digest, mask, label);
        AsnReader sequence = new AsnReader(parameters, AsnEncodingRules.BER).ReadSequence();
        while (sequence.HasData)
        {
            Asn1Tag tag = sequence.PeekTag();
            if (tag.TagClass != TagClass.ContextSpecific)
                throw new CmsSyntaxException("unknown OAEP parameters");
            AsnReader value = sequence.ReadSequence(tag);
            switch (tag.TagValue)
            {
                case 0:
                    digest = AlgorithmValue.Read(value).DigestName();
                    break;
                case 1:
                    AlgorithmValue generator = AlgorithmValue.Read(value);
                    mask = generator.Oid == Oids.Mgf1 ? AlgorithmValue.Read(new AsnReader(generator.Parameters, AsnEncodingRules.BER)).DigestName() : throw new CmsSyntaxException("a mask generation other than MGF1");
                    break;
                case 2:
                    AsnReader source = value.ReadSequence();
                    if (source.ReadObjectIdentifier() != Oids.PSpecified)
                        throw new CmsSyntaxException("a label of unknown kind");
                    label = source.ReadOctetString();
                    break;
                default:
                    throw new CmsSyntaxException("unknown OAEP parameters");
            }
        }
        return (digest, mask, label);
    }
}

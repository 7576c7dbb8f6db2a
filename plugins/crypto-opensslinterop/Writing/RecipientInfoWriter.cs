using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>Writes one RecipientInfo (RFC 5652 6.2).</summary>
internal sealed class RecipientInfoWriter
{
    private static readonly Asn1Tag s_agreement = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag s_other = new(TagClass.ContextSpecific, 4);
    private static readonly Asn1Tag s_zero = new(TagClass.ContextSpecific, 0);

    private readonly Certificate _certificate;
    private readonly RsaKeyTransport _transport;

    /// <summary>Looks at the certificate.</summary>
    /// <param name="recipient">The recipient.</param>
    /// <exception cref="CmsKeyException">Nothing can be encrypted to it.</exception>
    public RecipientInfoWriter(EncryptionRecipient recipient)
    {
        _transport = recipient.RsaTransport;
        string name = recipient.Certificate.Fingerprint[..16];
        try
        {
            _certificate = Certificate.Read(recipient.Certificate);
        }
        catch (Exception e) when (e is AsnContentException or CmsSyntaxException)
        {
            throw new CmsKeyException($"certificate {name} cannot be read: {e.Message}; remove it", e);
        }
        if (_certificate.Fault is { } fault)
            throw new CmsKeyException($"nothing is encrypted to certificate {name}: {fault}; ask its owner for another");
        if (_certificate.Algorithm is not (Oids.Rsa or Oids.Ec or Oids.X25519) && !IsEncapsulation)
            throw new CmsKeyException($"nothing can be encrypted to certificate {name}: its key only signs ({_certificate.Algorithm}); ask its owner for one with an RSA, EC, X25519 or ML-KEM key");
    }

    /// <summary>Whether it is a KeyTransRecipientInfo.</summary>
    public bool IsTransport => _certificate.Algorithm == Oids.Rsa;

    /// <summary>Whether it is a KEMRecipientInfo.</summary>
    public bool IsEncapsulation => _certificate.Lattice is { Encapsulates: true };

    /// <summary>Writes it.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="contentKey">The content key.</param>
    public void Write(AsnWriter writer, byte[] contentKey)
    {
        try
        {
            if (IsTransport)
                WriteTransport(writer, contentKey);
            else if (IsEncapsulation)
                WriteEncapsulation(writer, contentKey, _certificate.Lattice!);
            else
                WriteAgreement(writer, contentKey);
        }
        catch (OpenSslException e)
        {
            throw new CmsKeyException($"encrypting to certificate {_certificate.Encoded.Fingerprint[..16]} failed: {e.Message}; ask its owner for another", e);
        }
    }

    private void WriteTransport(AsnWriter writer, byte[] contentKey)
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            WriteIdentifier(writer);
            if (_transport == RsaKeyTransport.Pkcs1)
            {
                AlgorithmValue.Write(writer, Oids.Rsa, withNull: true);
                writer.WriteOctetString(_certificate.Key.Encrypt(contentKey, ("rsa_padding_mode", "pkcs1")));
                return;
            }
            using (writer.PushSequence())
            {
                writer.WriteOid(Oids.RsaOaep);
                using (writer.PushSequence())
                {
                    using (writer.PushSequence(s_zero))
                        AlgorithmValue.Write(writer, Oids.DigestOid(CmsAlgorithmNames.Sha256));
                    using (writer.PushSequence(s_agreement))
                    using (writer.PushSequence())
                    {
                        writer.WriteOid(Oids.Mgf1);
                        AlgorithmValue.Write(writer, Oids.DigestOid(CmsAlgorithmNames.Sha256));
                    }
                }
            }
            writer.WriteOctetString(_certificate.Key.Encrypt(contentKey, ("rsa_padding_mode", "oaep"), ("rsa_oaep_md", "sha256"), ("rsa_mgf1_md", "sha256")));
        }
    }

    private void WriteAgreement(AsnWriter writer, byte[] contentKey)
    {
        using EvpKey ephemeral = _certificate.Key.Generate();
        AgreementScheme scheme = AgreementScheme.For(_certificate);
        byte[] secret = ephemeral.Agree(_certificate.Key)
            ?? throw new CmsKeyException($"certificate {_certificate.Encoded.Fingerprint[..16]} has a key that agrees on nothing; ask its owner for another");
        byte[] wrapAlgorithm = Ber.Encode(w => AlgorithmValue.Write(w, AgreementScheme.WrapOid(contentKey.Length)));
        byte[] wrapKey = scheme.Derive(secret, wrapAlgorithm, contentKey.Length, null);
        using (writer.PushSequence(s_agreement))
        {
            writer.WriteInteger(3);
            using (writer.PushSequence(s_zero))
            using (writer.PushSequence(s_agreement))
                WriteOriginator(writer, ephemeral);
            using (writer.PushSequence())
            {
                writer.WriteOid(scheme.Oid);
                writer.WriteEncodedValue(wrapAlgorithm);
            }
            using (writer.PushSequence())
            using (writer.PushSequence())
            {
                WriteIdentifier(writer);
                writer.WriteOctetString(EvpKeyWrap.Wrap(wrapKey, contentKey));
            }
        }
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrapKey);
    }

    /// <summary>OtherRecipientInfo with a KEMRecipientInfo (RFC 9629 3; RFC 9936 2).</summary>
    private void WriteEncapsulation(AsnWriter writer, byte[] contentKey, LatticeAlgorithm lattice)
    {
        (byte[] ciphertext, byte[] secret) = _certificate.Key.Encapsulate();
        byte[] wrapAlgorithm = Ber.Encode(w => AlgorithmValue.Write(w, AgreementScheme.WrapOid(lattice.WrapLength)));
        byte[] wrapKey = EncapsulationScheme.Written.Derive(secret, wrapAlgorithm, lattice.WrapLength, null);
        using (writer.PushSequence(s_other))
        {
            writer.WriteOid(Oids.RecipientKem);
            using (writer.PushSequence())
            {
                writer.WriteInteger(0);
                WriteIdentifier(writer);
                AlgorithmValue.Write(writer, lattice.Oid);
                writer.WriteOctetString(ciphertext);
                AlgorithmValue.Write(writer, EncapsulationScheme.Written.Oid);
                writer.WriteInteger(lattice.WrapLength);
                writer.WriteEncodedValue(wrapAlgorithm);
                writer.WriteOctetString(EvpKeyWrap.Wrap(wrapKey, contentKey));
            }
        }
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(wrapKey);
    }

    /// <summary>OriginatorPublicKey: algorithm without parameters (RFC 5753 3.1.1), and the key.</summary>
    private void WriteOriginator(AsnWriter writer, EvpKey ephemeral)
    {
        AlgorithmValue.Write(writer, _certificate.Algorithm);
        writer.WriteBitString(ephemeral.PublicOctets());
    }

    private void WriteIdentifier(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(_certificate.Issuer.Span);
            writer.WriteEncodedValue(Ber.Integer(_certificate.SerialNumber.Span));
        }
    }
}

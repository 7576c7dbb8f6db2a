using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Text;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;
using ContentInfo = Org.BouncyCastle.Asn1.Pkcs.ContentInfo;

namespace Cstp.Core.Trust;

/// <summary>Private keys with their certificates in files: PKCS#12 (RFC 7292), or PEM with keys and certificates.</summary>
internal static class KeyFile
{
    /// <summary>Fifty times what OpenSSL takes; far under what readers refuse.</summary>
    private const int ExportIterations = 100_000;

    private static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, ExportIterations);

    /// <summary>Reads all pairs of a file.</summary>
    /// <param name="content">The file's octets.</param>
    /// <param name="password">The password, or null for none.</param>
    /// <returns>Each certificate that has its key in the file, with it.</returns>
    /// <exception cref="FormatException">There is none, the file is broken, or the password is wrong.</exception>
    public static IReadOnlyList<CmsIdentity> Read(ReadOnlySpan<byte> content, string? password)
    {
        List<byte[]> keys;
        IReadOnlyList<EncodedCertificate> certificates;
        string text = CertificateFile.IsPem(content) ? Encoding.Latin1.GetString(content) : "";
        if (text.Length == 0)
            (keys, certificates) = ReadPkcs12(content.ToArray(), password);
        else if (PemEncoding.TryFind(text, out PemFields armour) && text[armour.Label] == "PKCS12")
            (keys, certificates) = ReadPkcs12(Convert.FromBase64String(text[armour.Base64Data]), password);
        else
        {
            keys = ReadPemKeys(text, password);
            certificates = CertificateFile.Read(content);
        }
        IReadOnlyList<CmsIdentity> pairs = Pair(keys, certificates);
        return pairs.Count > 0 ? pairs : throw new FormatException("no private key with its certificate in it (PKCS#12, or PEM with both, are read)");
    }

    /// <summary>Puts certificates and keys together by public key.</summary>
    /// <param name="keys">Private keys, PKCS#8.</param>
    /// <param name="certificates">Certificates; those without a key here are left out.</param>
    public static IReadOnlyList<CmsIdentity> Pair(IEnumerable<byte[]> keys, IReadOnlyList<EncodedCertificate> certificates)
    {
        var byPublicKey = new Dictionary<string, byte[]>();
        foreach (byte[] key in keys)
            byPublicKey[Convert.ToHexString(PrivateKeys.PublicKeyOf(key).PublicKey.GetBytes())] = key;
        var pairs = new List<CmsIdentity>();
        foreach (EncodedCertificate certificate in certificates)
        {
            SubjectPublicKeyInfo info = X509CertificateStructure.GetInstance(certificate.Der.ToArray()).SubjectPublicKeyInfo;
            if (byPublicKey.TryGetValue(Convert.ToHexString(info.PublicKey.GetBytes()), out byte[]? key))
                pairs.Add(new(certificate, new Pkcs8PrivateKey(key)));
        }
        return pairs;
    }

    /// <summary>Writes a PKCS#12 file, encrypted with AES-256.</summary>
    /// <param name="identities">The pairs; keys as octets.</param>
    /// <param name="password">The password.</param>
    public static byte[] WritePkcs12(IReadOnlyList<CmsIdentity> identities, string password)
    {
        var keys = new Pkcs12SafeContents();
        var certificates = new Pkcs12SafeContents();
        foreach (CmsIdentity identity in identities)
        {
            // The same local key ID ties a key to its certificate (RFC 7292 4.2).
            var id = new Pkcs9LocalKeyId(Convert.FromHexString(identity.Certificate.Fingerprint));
            var key = new Pkcs12ShroudedKeyBag(Encrypted(((Pkcs8PrivateKey)identity.PrivateKey).Der, password));
            key.Attributes.Add(id);
            keys.AddSafeBag(key);
            var certificate = new Pkcs12CertBag(new Oid("1.2.840.113549.1.9.22.1"), new DerOctetString(identity.Certificate.Der.ToArray()).GetEncoded(Asn1Encodable.Der));
            certificate.Attributes.Add(id);
            certificates.AddSafeBag(certificate);
        }
        var builder = new Pkcs12Builder();
        builder.AddSafeContentsUnencrypted(keys);
        builder.AddSafeContentsEncrypted(certificates, password, Encryption);
        builder.SealWithMac(password, HashAlgorithmName.SHA256, ExportIterations);
        return builder.Encode();
    }

    /// <summary>Writes PEM: each key, then its certificate.</summary>
    /// <param name="identities">The pairs; keys as octets.</param>
    /// <param name="password">What the keys are encrypted with, or null to leave them bare.</param>
    public static string WritePem(IReadOnlyList<CmsIdentity> identities, string? password)
    {
        var text = new StringBuilder();
        foreach (CmsIdentity identity in identities)
        {
            ReadOnlyMemory<byte> key = ((Pkcs8PrivateKey)identity.PrivateKey).Der;
            if (password is null)
            {
                text.Append(PemEncoding.WriteString("PRIVATE KEY", key.Span)).Append('\n');
            }
            else
            {
                text.Append(PemEncoding.WriteString("ENCRYPTED PRIVATE KEY", Encrypted(key, password))).Append('\n');
            }
            text.Append(CertificateFile.WritePem([identity.Certificate]));
        }
        return text.ToString();
    }

    private static byte[] Encrypted(ReadOnlyMemory<byte> key, string password) =>
        Pkcs8PrivateKeyInfo.Decode(key, out _, skipCopy: true).Encrypt(password, Encryption);

    private static List<byte[]> ReadPemKeys(string text, string? password)
    {
        var keys = new List<byte[]>();
        try
        {
            var reader = new PemReader(new StringReader(text), new Password(password));
            while (reader.ReadObject() is { } item)
            {
                AsymmetricKeyParameter? key = item switch
                {
                    AsymmetricCipherKeyPair pair => pair.Private,
                    AsymmetricKeyParameter { IsPrivate: true } bare => bare,
                    _ => null,
                };
                if (key is not null)
                    keys.Add(PrivateKeys.Encode(key));
            }
        }
        catch (Exception broken) when (broken is IOException or GeneralSecurityException or CryptoException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException($"private key cannot be read: broken, or the password is wrong ({broken.Message})", broken);
        }
        return keys;
    }

    private static (List<byte[]> Keys, IReadOnlyList<EncodedCertificate> Certificates) ReadPkcs12(byte[] content, string? password)
    {
        try
        {
            // The library refuses iteration counts over 5,000,000, so that no file can keep us busy for hours.
            Pkcs12Store store = new Pkcs12StoreBuilder().Build();
            store.Load(new MemoryStream(content), (password ?? "").ToCharArray());
            // It has checked the whole file; but it keeps entries by name, and a signing and an encrypting key often bear the same one.
            var keys = new List<byte[]>();
            var certificates = new List<EncodedCertificate>();
            foreach (ContentInfo part in AuthenticatedSafe.GetInstance(OctetsOf(Pfx.GetInstance(content).AuthSafe)).GetContentInfo())
            {
                foreach (Asn1Encodable item in Asn1Sequence.GetInstance(part.ContentType.Equals(PkcsObjectIdentifiers.EncryptedData) ? Decrypted(part, password) : OctetsOf(part)))
                {
                    SafeBag bag = SafeBag.GetInstance(item);
                    if (bag.BagID.Equals(PkcsObjectIdentifiers.KeyBag))
                        keys.Add(PrivateKeys.Encode(PrivateKeyFactory.CreateKey(PrivateKeyInfo.GetInstance(bag.BagValue))));
                    else if (bag.BagID.Equals(PkcsObjectIdentifiers.Pkcs8ShroudedKeyBag))
                        keys.Add(PrivateKeys.Encode(PrivateKeyFactory.DecryptKey((password ?? "").ToCharArray(), EncryptedPrivateKeyInfo.GetInstance(bag.BagValue))));
                    else if (bag.BagID.Equals(PkcsObjectIdentifiers.CertBag) && CertBag.GetInstance(bag.BagValue) is { } certificate && certificate.CertID.Equals(PkcsObjectIdentifiers.X509Certificate))
                        certificates.Add(new EncodedCertificate(Asn1OctetString.GetInstance(certificate.CertValue).GetOctets()));
                }
            }
            return (keys, certificates);
        }
        catch (Exception broken) when (broken is IOException or GeneralSecurityException or CryptoException or ArgumentException or InvalidOperationException or InvalidCastException)
        {
            throw new FormatException($"not a PKCS#12 file, or the password is wrong ({broken.Message})", broken);
        }
    }

    private static byte[] OctetsOf(ContentInfo part) => Asn1OctetString.GetInstance(part.Content).GetOctets();

    private static byte[] Decrypted(ContentInfo part, string? password)
    {
        EncryptedData encrypted = EncryptedData.GetInstance(part.Content);
        var cipher = (IBufferedCipher)PbeUtilities.CreateEngine(encrypted.EncryptionAlgorithm);
        cipher.Init(false, PbeUtilities.GenerateCipherParameters(encrypted.EncryptionAlgorithm, (password ?? "").ToCharArray()));
        return cipher.DoFinal(encrypted.Content.GetOctets());
    }

    private sealed class Password(string? password) : IPasswordFinder
    {
        public char[] GetPassword() => (password ?? throw new Org.BouncyCastle.OpenSsl.PasswordException("it is encrypted and no password was given")).ToCharArray();
    }
}

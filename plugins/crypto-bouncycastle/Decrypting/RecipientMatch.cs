using Cstp.Abstractions;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>A RecipientInfo that names one of our keys.</summary>
/// <param name="Identity">The key.</param>
/// <param name="Algorithm">The keyEncryptionAlgorithm.</param>
/// <param name="EncryptedKey">The content key, encrypted.</param>
/// <param name="Agreement">Originator and ukm; null but in key agreement.</param>
/// <param name="Encapsulation">The KEMRecipientInfo; null but in key encapsulation.</param>
internal sealed record RecipientMatch(
    CmsIdentity Identity, AlgorithmIdentifier Algorithm, byte[] EncryptedKey, AgreementOriginator? Agreement = null, KemRecipient? Encapsulation = null);

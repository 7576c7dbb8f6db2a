using Cstp.Abstractions;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>A RecipientInfo that names one of our keys.</summary>
/// <param name="Identity">The key.</param>
/// <param name="Algorithm">The keyEncryptionAlgorithm.</param>
/// <param name="EncryptedKey">The content key, encrypted.</param>
/// <param name="Agreement">Originator and ukm; null in key transport.</param>
internal sealed record RecipientMatch(
    CmsIdentity Identity, AlgorithmIdentifier Algorithm, byte[] EncryptedKey, AgreementOriginator? Agreement);

using System.Formats.Asn1;
using Cstp.CryptoOpenSslInterop.Keys;

namespace Cstp.CryptoOpenSslInterop.Reading;

/// <summary>The content cipher of a message.</summary>
/// <param name="Name">Its name, or the identifier of one that is not read.</param>
/// <param name="KeyLength">Octets of the key; 0 where it is not read.</param>
/// <param name="IsGcm">Whether it is GCM.</param>
/// <param name="Iv">Initialisation vector or nonce.</param>
/// <param name="TagLength">Octets of the tag (GCM).</param>
internal sealed record ContentCipherValue(string Name, int KeyLength, bool IsGcm, byte[] Iv, int TagLength)
{
    /// <summary>An absent aes-ICVlen (RFC 5084 3.2).</summary>
    private const int DefaultTag = 12;

    private const int MaxNonce = 64;

    /// <summary>Reads it.</summary>
    /// <param name="element">The contentEncryptionAlgorithm.</param>
    /// <returns>The cipher; with a key length of 0 where its parameters are not right.</returns>
    public static ContentCipherValue Read(byte[] element)
    {
        AlgorithmValue algorithm = AlgorithmValue.Read(new AsnReader(element, AsnEncodingRules.BER));
        if (Oids.Cipher(algorithm.Oid) is not { } cipher)
            return new ContentCipherValue(algorithm.Oid, 0, false, [], 0);
        var none = new ContentCipherValue(cipher.Name, 0, cipher.IsGcm, [], 0);
        if (algorithm.Parameters.IsEmpty)
            return none;
        var parameters = new AsnReader(algorithm.Parameters, AsnEncodingRules.BER);
        if (!cipher.IsGcm)
        {
            byte[] iv = parameters.ReadOctetString();
            return iv.Length == (cipher.Key == 24 && cipher.Name.StartsWith("des", StringComparison.Ordinal) ? 8 : 16) ? new ContentCipherValue(cipher.Name, cipher.Key, false, iv, 0) : none;
        }
        AsnReader gcm = parameters.ReadSequence();
        byte[] nonce = gcm.ReadOctetString();
        int tag = DefaultTag;
        if (gcm.HasData && !gcm.TryReadInt32(out tag))
            return none;
        gcm.ThrowIfNotEmpty();
        return nonce.Length is > 0 and <= MaxNonce && tag is >= 12 and <= 16 ? new ContentCipherValue(cipher.Name, cipher.Key, true, nonce, tag) : none;
    }
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;

namespace CryptoSample.Encrypting;

/// <summary>Content that is being decrypted.</summary>
/// <param name="Key">Which key opened the content key.</param>
/// <param name="ContentKey">The content key.</param>
/// <param name="TagLength">Octets of GCM's tag; 0 with CBC.</param>
/// <param name="Stream">What the content passes through.</param>
internal sealed record Opening(FoundKey Key, byte[] ContentKey, int TagLength, ContentCipherStream Stream)
{
    private const int LongestNonce = 128;

    /// <summary>Starts, where a key was found and the algorithm is one that is read.</summary>
    /// <param name="finding">The keys.</param>
    /// <param name="algorithm">The content encryption algorithm.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="isAuthenticated">Whether the form is AuthEnvelopedData.</param>
    /// <returns>Null where it cannot be.</returns>
    public static Opening? Start(KeyFinding finding, string algorithm, ReadOnlyMemory<byte> parameters, bool isAuthenticated)
    {
        if (Oids.CipherOf(algorithm) is not { } cipher || ContentCipherStream.IsGcm(cipher) != isAuthenticated || parameters.IsEmpty)
            return null;
        var reader = new AsnReader(parameters, AsnEncodingRules.BER);
        byte[] vector;
        int tagLength = 0;
        if (isAuthenticated)
        {
            AsnReader gcm = reader.ReadSequence();
            vector = gcm.ReadOctetString();
            tagLength = 12;
            if (gcm.HasData && !gcm.TryReadInt32(out tagLength))
                return null;
            gcm.ThrowIfNotEmpty();
            if (tagLength is < 12 or > 16 || vector.Length is 0 or > LongestNonce)
                return null;
        }
        else
        {
            vector = reader.ReadOctetString();
            if (vector.Length != 16)
                return null;
        }

        int length = ContentCipherStream.KeyLength(cipher);
        FoundKey? found = finding.Found.Find(key => key.Octets?.Length == length);
        // A wrong padding is not told apart from a wrong key: a random one goes on in its place (RFC 3218 2.3.2).
        if (found is null && finding.Found.Find(key => key.KeyManagement == CmsAlgorithmNames.RsaPkcs1) is { } closed)
            found = closed with { Octets = RandomNumberGenerator.GetBytes(length) };
        return found is null ? null : new Opening(found, found.Octets!, tagLength, new ContentCipherStream(false, cipher, found.Octets!, vector, tagLength));
    }
}

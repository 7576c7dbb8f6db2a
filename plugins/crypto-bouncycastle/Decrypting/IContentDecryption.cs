namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Decrypts one content, portion by portion.</summary>
internal interface IContentDecryption
{
    /// <summary>Decrypts a portion.</summary>
    /// <param name="input">Ciphertext.</param>
    /// <param name="output">Receives plaintext; 64 octets longer than the input.</param>
    /// <returns>Octets of plaintext.</returns>
    int Update(ReadOnlySpan<byte> input, Span<byte> output);

    /// <summary>Ends the content and checks padding or tag.</summary>
    /// <param name="tag">The mac field; empty where there is none.</param>
    /// <param name="authenticatedData">DER of the authenticated attributes as SET OF; empty where there are none.</param>
    /// <param name="output">Receives the last plaintext.</param>
    /// <returns>Octets of plaintext.</returns>
    /// <exception cref="Org.BouncyCastle.Crypto.CryptoException">Padding, length or tag is wrong.</exception>
    int Finish(byte[] tag, ReadOnlySpan<byte> authenticatedData, Span<byte> output);
}

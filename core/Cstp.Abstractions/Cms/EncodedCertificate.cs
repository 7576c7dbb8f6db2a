using System.Security.Cryptography;

namespace Cstp.Abstractions;

/// <summary>An X.509 certificate as its DER octets; equal when the octets are (RFC 5280 4.1).</summary>
/// <remarks>Immutable and safe for all threads. Nothing about the content was checked.</remarks>
public sealed class EncodedCertificate : IEquatable<EncodedCertificate>
{
    private readonly byte[] _der;

    /// <summary>Takes a copy of the octets.</summary>
    /// <param name="der">One DER-encoded Certificate.</param>
    public EncodedCertificate(ReadOnlySpan<byte> der)
    {
        _der = der.ToArray();
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(_der));
    }

    /// <summary>The DER octets.</summary>
    public ReadOnlyMemory<byte> Der => _der;

    /// <summary>SHA-256 over the DER octets, 64 lower-case hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <inheritdoc/>
    public bool Equals(EncodedCertificate? other) => other is not null && Fingerprint == other.Fingerprint;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as EncodedCertificate);

    /// <inheritdoc/>
    public override int GetHashCode() => Fingerprint.GetHashCode(StringComparison.Ordinal);

    /// <summary>The fingerprint.</summary>
    public override string ToString() => Fingerprint;
}

namespace Cstp.Abstractions;

/// <summary>How a private key reaches a crypto module: as octets, or as a reference to a place that never gives it out.</summary>
public abstract class PrivateKeyHandle
{
    private protected PrivateKeyHandle()
    {
    }
}

/// <summary>A private key as PrivateKeyInfo (PKCS#8, RFC 5958).</summary>
/// <param name="der">DER octets; owned by the caller, who may zero them once no operation runs.</param>
public sealed class Pkcs8PrivateKey(ReadOnlyMemory<byte> der) : PrivateKeyHandle
{
    /// <summary>The DER octets of the unencrypted PrivateKeyInfo.</summary>
    public ReadOnlyMemory<byte> Der { get; } = der;
}

/// <summary>A private key named by reference, for example a PKCS#11 URI (RFC 7512).</summary>
/// <param name="reference">The reference, in the form that the crypto module documents.</param>
/// <remarks>A module that knows no references answers <see cref="CmsKeyException"/>.</remarks>
public sealed class PrivateKeyReference(string reference) : PrivateKeyHandle
{
    /// <summary>The reference.</summary>
    public string Reference { get; } = reference;
}

/// <summary>A certificate together with its private key.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="PrivateKey">The key that belongs to it.</param>
public sealed record CmsIdentity(EncodedCertificate Certificate, PrivateKeyHandle PrivateKey);

using System.Runtime.InteropServices;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>
/// A parameter set of ML-DSA (FIPS 204; RFC 9881) or ML-KEM (FIPS 203; RFC 9935). libcrypto has them from 3.5 on, if it was built with them; whether the one
/// that is installed has one is tried out.
/// </summary>
internal sealed class LatticeAlgorithm
{
    private static readonly LatticeAlgorithm[] s_all =
    [
        new("2.16.840.1.101.3.4.3.17", CmsAlgorithmNames.MlDsa44, 0),
        new("2.16.840.1.101.3.4.3.18", CmsAlgorithmNames.MlDsa65, 0),
        new("2.16.840.1.101.3.4.3.19", CmsAlgorithmNames.MlDsa87, 0),
        new("2.16.840.1.101.3.4.4.1", CmsAlgorithmNames.MlKem512, 16),
        new("2.16.840.1.101.3.4.4.2", CmsAlgorithmNames.MlKem768, 32),
        new("2.16.840.1.101.3.4.4.3", CmsAlgorithmNames.MlKem1024, 32),
    ];

    private readonly Lazy<bool> _works;

    private LatticeAlgorithm(string oid, string name, int wrapLength)
    {
        Oid = oid;
        Name = name;
        WrapLength = wrapLength;
        _works = new Lazy<bool>(Try);
    }

    /// <summary>The identifier of key and algorithm alike.</summary>
    public string Oid { get; }

    /// <summary>The name of the contracts, which is libcrypto's too.</summary>
    public string Name { get; }

    /// <summary>Octets of the key that wraps what this ML-KEM set brings (RFC 9936 2.2.2).</summary>
    public int WrapLength { get; }

    /// <summary>Whether it is ML-KEM, else ML-DSA.</summary>
    public bool Encapsulates => WrapLength > 0;

    /// <summary>Why nothing can be computed with it; null where it can.</summary>
    public string? Fault => _works.Value ? null : $"{Name} needs OpenSSL 3.5 or newer, and {Marshal.PtrToStringUTF8(LibCrypto.OpenSSL_version(0))} is installed";

    /// <summary>The names of those that work.</summary>
    /// <param name="encapsulates">Whether ML-KEM is meant, else ML-DSA.</param>
    public static IEnumerable<string> Working(bool encapsulates) => s_all.Where(a => a.Encapsulates == encapsulates && a._works.Value).Select(a => a.Name);

    /// <summary>Finds one.</summary>
    /// <param name="oid">Its identifier.</param>
    public static LatticeAlgorithm? Find(string oid) => Array.Find(s_all, a => a.Oid == oid);

    /// <summary>Makes a key and uses it once: a provider may know a name without being able to do more.</summary>
    private bool Try()
    {
        try
        {
            using EvpKey? key = EvpKey.TryGenerate(Name);
            if (key is null)
                return false;
            if (!Encapsulates)
                return key.VerifyPure("CSTP"u8, key.SignPure("CSTP"u8));
            (byte[] ciphertext, byte[] secret) = key.Encapsulate();
            return key.Decapsulate(ciphertext) is { } opened && opened.AsSpan().SequenceEqual(secret);
        }
        catch (OpenSslException)
        {
            // It is listed and refuses to work: the same as not being there.
            return false;
        }
    }
}

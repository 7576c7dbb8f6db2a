using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;

namespace Cstp.CryptoOpenSslInterop.Keys;

/// <summary>A key agreement with its derivation: ECDH (RFC 5753) or X25519 (RFC 8418).</summary>
/// <param name="Oid">Its identifier.</param>
/// <param name="Digest">The digest of the derivation.</param>
/// <param name="IsHkdf">HKDF (RFC 5869), else X9.63.</param>
/// <param name="IsCofactor">Whether the cofactor is used; on these curves it is 1.</param>
internal sealed record AgreementScheme(string Oid, string Digest, bool IsHkdf, bool IsCofactor)
{
    private static readonly AgreementScheme[] s_all =
    [
        new("1.3.133.16.840.63.0.2", CmsAlgorithmNames.Sha1, false, false),
        new("1.3.132.1.11.0", CmsAlgorithmNames.Sha224, false, false),
        new("1.3.132.1.11.1", CmsAlgorithmNames.Sha256, false, false),
        new("1.3.132.1.11.2", CmsAlgorithmNames.Sha384, false, false),
        new("1.3.132.1.11.3", CmsAlgorithmNames.Sha512, false, false),
        new("1.3.133.16.840.63.0.3", CmsAlgorithmNames.Sha1, false, true),
        new("1.3.132.1.14.0", CmsAlgorithmNames.Sha224, false, true),
        new("1.3.132.1.14.1", CmsAlgorithmNames.Sha256, false, true),
        new("1.3.132.1.14.2", CmsAlgorithmNames.Sha384, false, true),
        new("1.3.132.1.14.3", CmsAlgorithmNames.Sha512, false, true),
        new("1.2.840.113549.1.9.16.3.19", CmsAlgorithmNames.Sha256, true, false),
        new("1.2.840.113549.1.9.16.3.20", CmsAlgorithmNames.Sha384, true, false),
        new("1.2.840.113549.1.9.16.3.21", CmsAlgorithmNames.Sha512, true, false),
    ];

    private static readonly Dictionary<string, int> s_wraps = new()
    {
        ["2.16.840.1.101.3.4.1.5"] = 16,
        ["2.16.840.1.101.3.4.1.25"] = 24,
        ["2.16.840.1.101.3.4.1.45"] = 32,
    };

    /// <summary>Finds a scheme that is read.</summary>
    /// <param name="oid">Its identifier.</param>
    public static AgreementScheme? Find(string oid) => Array.Find(s_all, s => s.Oid == oid);

    /// <summary>The scheme that is written for a key.</summary>
    /// <param name="certificate">The recipient's.</param>
    public static AgreementScheme For(Certificate certificate) => certificate.Algorithm == Oids.X25519
        ? Find("1.2.840.113549.1.9.16.3.19")!
        : s_all.First(s => s.Digest == certificate.Curve!.Digest && !s.IsHkdf && !s.IsCofactor);

    /// <summary>Octets of the key that a wrap algorithm takes; null for one that is not known.</summary>
    /// <param name="oid">Its identifier.</param>
    public static int? WrapKeyLength(string oid) => s_wraps.TryGetValue(oid, out int length) ? length : null;

    /// <summary>The wrap algorithm for a content key of so many octets (RFC 8551 2.3).</summary>
    /// <param name="length">Octets.</param>
    public static string WrapOid(int length) => s_wraps.First(w => w.Value == length).Key;

    /// <summary>Derives the key that wraps (RFC 5753 7.2, RFC 8418 2.2).</summary>
    /// <param name="secret">The agreed secret.</param>
    /// <param name="wrapAlgorithm">The KeyWrapAlgorithm, in DER.</param>
    /// <param name="wrapLength">Octets of the key.</param>
    /// <param name="material">The user keying material; empty where there is none.</param>
    public byte[] Derive(ReadOnlySpan<byte> secret, ReadOnlyMemory<byte> wrapAlgorithm, int wrapLength, ReadOnlyMemory<byte>? material)
    {
        byte[] info = SharedInfo(wrapAlgorithm, wrapLength, material);
        if (IsHkdf)
        {
            HashAlgorithmName name = Digest switch
            {
                CmsAlgorithmNames.Sha384 => HashAlgorithmName.SHA384,
                CmsAlgorithmNames.Sha512 => HashAlgorithmName.SHA512,
                _ => HashAlgorithmName.SHA256,
            };
            byte[] derived = new byte[wrapLength];
            // RFC 8418 2.1: no salt; the keying material stands in the info.
            HKDF.DeriveKey(name, secret, derived, [], info);
            return derived;
        }
        var output = new List<byte>();
        byte[] counter = new byte[4];
        for (uint i = 1; output.Count < wrapLength; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter, i);
            output.AddRange(EvpDigest.Compute(Digest, [.. secret, .. counter, .. info]));
        }
        return [.. output.Take(wrapLength)];
    }

    private static byte[] SharedInfo(ReadOnlyMemory<byte> wrapAlgorithm, int wrapLength, ReadOnlyMemory<byte>? material)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(wrapAlgorithm.Span);
            if (material is { } ukm)
            {
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                    writer.WriteOctetString(ukm.Span);
            }
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2)))
            {
                byte[] bits = new byte[4];
                BinaryPrimitives.WriteUInt32BigEndian(bits, (uint)wrapLength * 8);
                writer.WriteOctetString(bits);
            }
        }
        return writer.Encode();
    }
}

using System.Collections.Concurrent;
using System.Formats.Asn1;

namespace Cstp.CryptoOpenSslInterop.Writing;

/// <summary>Object identifiers of the algorithms and structures that are written. They are few; encoding one anew showed in profiles.</summary>
internal static class OidWriting
{
    private static readonly ConcurrentDictionary<string, byte[]> s_encoded = new();

    /// <summary>Writes an object identifier.</summary>
    /// <param name="writer">Receives it.</param>
    /// <param name="oid">One that this module knows by itself: each is remembered.</param>
    public static void WriteOid(this AsnWriter writer, string oid) =>
        writer.WriteEncodedValue(s_encoded.GetOrAdd(oid, static known => Ber.Encode(w => w.WriteObjectIdentifier(known))));
}

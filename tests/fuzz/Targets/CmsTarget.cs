using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;
using Org.BouncyCastle.Asn1;

namespace Cstp.Fuzz.Targets;

/// <summary>A CMS reader: broken input is a result, all of it is read, and the same wherever it is cut.</summary>
/// <param name="module">The module.</param>
/// <param name="keys">The keys that the seeds were made with.</param>
internal abstract class CmsTarget(ICmsEnveloper module, IReadOnlyList<CmsIdentity> keys) : FuzzTarget
{
    private static readonly string[] s_identifiers =
    [
        "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4",
        "1.2.840.113549.1.9.5", "1.2.840.113549.1.9.15", "1.2.840.113549.1.9.52", "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47",
        "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.8", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.11", "1.2.840.10045.2.1",
        "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2", "1.3.101.110", "1.3.101.112", "1.3.132.1.11.1", "1.3.133.16.840.63.0.2", "1.3.14.3.2.26",
        "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3", "2.16.840.1.101.3.4.1.2", "2.16.840.1.101.3.4.1.5", "2.16.840.1.101.3.4.1.6", "2.16.840.1.101.3.4.1.46",
        "1.2.840.113549.3.7",
    ];

    /// <summary>Calls the module, and holds it to what every call owes its caller.</summary>
    protected ModuleExchange Exchange { get; } = new(module, CancellationToken.None);

    protected IReadOnlyList<CmsIdentity> Keys { get; } = keys;

    protected EncodedCertificate[] Certificates { get; } = [.. keys.Select(key => key.Certificate)];

    /// <inheritdoc/>
    public sealed override void Take(byte[] input)
    {
        string whole = Read(input, Math.Max(input.Length, 1));
        string cut = Read(input, 1 + (input.Length % 61));
        FuzzFinding.Unless(whole == cut, $"whole: {whole}\ncut: {cut}");
    }

    /// <inheritdoc/>
    public sealed override IEnumerable<byte[]> Dictionary() =>
    [
        .. s_identifiers.Select(identifier => new DerObjectIdentifier(identifier).GetEncoded()),
        [0x30, 0x80], [0xA0, 0x80], [0x24, 0x80], [0x31, 0x80], [0, 0], [5, 0], [0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ];

    /// <summary>What comes out, in words that do not depend on how the input was cut.</summary>
    protected abstract string Read(byte[] input, int portion);

    protected static string Describe(VerificationResult result, byte[] output) => result is VerificationResult.Checked { Signers: var signers, Certificates: var certificates }
        ? $"{Convert.ToHexString(output)} {certificates.Count} {string.Join(", ", signers.Select(one => $"{one.Validity} {one.Reason} {one.Digest} {one.Signature} {one.Certificate} {one.SigningTime:O} {string.Join(' ', one.Capabilities)}"))}"
        : $"{result}";
}

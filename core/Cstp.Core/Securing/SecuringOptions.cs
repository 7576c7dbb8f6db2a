using System.ComponentModel.DataAnnotations;
using Cstp.Abstractions;
using Cstp.Core.Securing.Rules;

namespace Cstp.Core.Securing;

/// <summary>What becomes of a message that is encrypted but neither signed nor in an authenticated form.</summary>
internal enum UnauthenticatedContent
{
    /// <summary>It is opened and marked.</summary>
    Open,

    /// <summary>It is delivered as it came.</summary>
    Keep,

    /// <summary>It is refused.</summary>
    Refuse,
}

/// <summary>What becomes of content with 8-bit octets that would be clear-signed (RFC 8551 3.1.3).</summary>
internal enum EightBitSigning
{
    /// <summary>It stays unsigned.</summary>
    Unsigned,

    /// <summary>It is signed opaquely.</summary>
    Opaque,

    /// <summary>It is encoded anew in 7 bits and clear-signed.</summary>
    Reencode,
}

/// <summary>Section <c>[securing]</c>.</summary>
internal sealed record SecuringOptions
{
    /// <summary>Whether messages that cannot be encrypted are clear-signed (rule 2).</summary>
    public bool SignWithoutCertificate { get; init; }

    /// <summary>Encrypted without integrity: the form is CBC and no signature is inside.</summary>
    public UnauthenticatedContent Unauthenticated { get; init; } = UnauthenticatedContent.Open;

    /// <summary>
    /// Whether the gateway's key opens only what has integrity: AuthEnvelopedData, or CBC around a trusted signature that verifies.
    /// </summary>
    public bool GatewayAuthenticatedOnly { get; init; } = true;

    /// <summary>8-bit content that would be clear-signed.</summary>
    public EightBitSigning EightBit { get; init; } = EightBitSigning.Unsigned;

    /// <summary>The Subject outside a message between boxes (RFC 9788); empty leaves the real one outside.</summary>
    [RegularExpression("[ -~]{0,200}", ErrorMessage = "must be printable ASCII of at most 200 characters")]
    public string OuterSubject { get; init; } = "[...]";

    /// <summary>The digest of signatures by RSA and P-256 keys; P-384 takes SHA-384, Ed25519 and ML-DSA SHA-512.</summary>
    public DigestAlgorithm Digest { get; init; } = DigestAlgorithm.Sha256;

    /// <summary>The cipher for recipients that are known to read authenticated encryption.</summary>
    public ContentCipher AuthenticatedCipher { get; init; } = ContentCipher.Aes256Gcm;

    /// <summary>The cipher for all others.</summary>
    public ContentCipher Cipher { get; init; } = ContentCipher.Aes256Cbc;

    /// <summary>Whether Triple DES is read.</summary>
    public bool ReadTripleDes { get; init; }

    /// <summary>Whether a message that is S/MIME or OpenPGP already is wrapped once more.</summary>
    public bool WrapSecured { get; init; }

    /// <summary>Layers opened at most (two triple wraps are six).</summary>
    [Range(1, 64)]
    public int MaxLayers { get; init; } = 8;

    /// <summary>What is required, preferred or never done for the mail of whom, in this order.</summary>
    public IReadOnlyList<SecuringRule> Rules { get; init; } = [];

    /// <summary>By what a sender demands protection for one message.</summary>
    public TriggerOptions Triggers { get; init; } = new();

    /// <summary>Further addresses of users, whose certificates and keys are stored under another.</summary>
    public IReadOnlyList<AddressAlias> Aliases { get; init; } = [];

    /// <summary>Characters that begin the detail of a local part, as in <c>julia+news</c> (RFC 5233); empty for none.</summary>
    [RegularExpression("[+=_#-]{0,4}", ErrorMessage = "must be of the characters + = _ # -")]
    public string SubaddressSeparators { get; init; } = "";
}

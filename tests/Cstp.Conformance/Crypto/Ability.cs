using Cstp.Abstractions;

namespace Cstp.Conformance.Crypto;

/// <summary>The lists of <see cref="CmsCapabilities"/>.</summary>
internal enum AbilityKind
{
    Digest,
    Signature,
    KeyManagement,
    ContentEncryption,
}

/// <summary>One entry of a module's capabilities.</summary>
/// <param name="Kind">Which list.</param>
/// <param name="Name">A name of <see cref="CmsAlgorithmNames"/>.</param>
internal readonly record struct Ability(AbilityKind Kind, string Name)
{
    /// <summary>What every module must be able to do.</summary>
    public static IReadOnlyList<Ability> Mandatory { get; } =
    [
        new(AbilityKind.Digest, CmsAlgorithmNames.Sha256),
        new(AbilityKind.Signature, CmsAlgorithmNames.RsaPkcs1),
        new(AbilityKind.Signature, CmsAlgorithmNames.EcdsaP256),
        new(AbilityKind.KeyManagement, CmsAlgorithmNames.RsaPkcs1),
        new(AbilityKind.KeyManagement, CmsAlgorithmNames.EcdhP256),
        new(AbilityKind.ContentEncryption, CmsAlgorithmNames.Aes128Cbc),
        new(AbilityKind.ContentEncryption, CmsAlgorithmNames.Aes256Cbc),
        new(AbilityKind.ContentEncryption, CmsAlgorithmNames.Aes128Gcm),
        new(AbilityKind.ContentEncryption, CmsAlgorithmNames.Aes256Gcm),
    ];

    public bool IsMandatory => Mandatory.Contains(this);

    public bool IsIn(CmsCapabilities capabilities) => (Kind switch
    {
        AbilityKind.Digest => capabilities.Digests,
        AbilityKind.Signature => capabilities.Signatures,
        AbilityKind.KeyManagement => capabilities.KeyManagement,
        _ => capabilities.ContentEncryption,
    }).Contains(Name);

    public override string ToString() => $"{Name} ({Kind switch
    {
        AbilityKind.Digest => "digest",
        AbilityKind.Signature => "signature",
        AbilityKind.KeyManagement => "key management",
        _ => "content encryption",
    }})";
}

using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;

namespace Cstp.Fuzz.Targets;

/// <summary>Detached signatures over content that stays the same.</summary>
internal sealed class DetachedTarget(ICmsEnveloper module, IReadOnlyList<CmsIdentity> keys) : CmsTarget(module, keys)
{
    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds() => SignedSeeds.Make(Exchange, Keys, isAttached: false);

    /// <inheritdoc/>
    protected override string Read(byte[] input, int portion) => Describe(
        Exchange.VerifyDetachedAsync(
            PortionReader.Of(SignedSeeds.Content, portion), PortionReader.Of(input, portion), CmsAlgorithmNames.Sha256, CmsAlgorithmNames.Sha512).GetAwaiter().GetResult(),
        []);
}

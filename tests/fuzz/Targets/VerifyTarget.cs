using Cstp.Abstractions;
using Cstp.Conformance.Exchanging;

namespace Cstp.Fuzz.Targets;

/// <summary>Signed messages.</summary>
internal sealed class VerifyTarget(ICmsEnveloper module, IReadOnlyList<CmsIdentity> keys) : CmsTarget(module, keys)
{
    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds() => SignedSeeds.Make(Exchange, Keys, isAttached: true);

    /// <inheritdoc/>
    protected override string Read(byte[] input, int portion)
    {
        (VerificationResult result, byte[] output) = Exchange.VerifyAsync(PortionReader.Of(input, portion), Certificates).GetAwaiter().GetResult();
        FuzzFinding.Unless(output.Length <= input.Length, $"{output.Length} octets of content in {input.Length} of message");
        return Describe(result, output);
    }
}

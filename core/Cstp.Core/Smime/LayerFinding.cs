using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Smime;

/// <summary>What was found in one S/MIME layer, before anybody judges. Exactly one of the nested types.</summary>
internal abstract record LayerFinding
{
    private LayerFinding()
    {
    }

    /// <summary>EnvelopedData or AuthEnvelopedData.</summary>
    /// <param name="Result">The module's word.</param>
    /// <param name="IsAuthEnveloped">Which of the two.</param>
    public sealed record Encrypted(DecryptionResult Result, bool IsAuthEnveloped) : LayerFinding;

    /// <summary>SignedData, opaque or detached.</summary>
    /// <param name="Result">The module's word.</param>
    /// <param name="IsClear">Whether it is multipart/signed.</param>
    public sealed record Signed(VerificationResult Result, bool IsClear) : LayerFinding;

    /// <summary>It cannot be read, or two programs may read it differently.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="IsClear">Whether it is multipart/signed.</param>
    public sealed record Unreadable(string Reason, bool IsClear) : LayerFinding;

    /// <summary>CMS of a kind that is not opened here.</summary>
    /// <param name="Reason">Which.</param>
    public sealed record Unopened(string Reason) : LayerFinding;
}

/// <summary>One entity of a message and what is inside it.</summary>
/// <param name="Header">Its header section.</param>
/// <param name="Scan">What stands in its body.</param>
/// <param name="Finding">What kind of layer it is; null where it is none, or was not opened for the budget.</param>
/// <param name="Inner">The entity inside; null where there is none.</param>
internal sealed record WalkedEntity(HeaderSection Header, ContentScan Scan, LayerFinding? Finding, WalkedEntity? Inner);

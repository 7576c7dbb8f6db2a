using System.IO.Pipelines;
using Cstp.Abstractions;

namespace Cstp.Core.Smime;

/// <summary>What opening a message led to.</summary>
/// <param name="Outcome">opened (a layer came off), passed, or refused.</param>
/// <param name="Reason">In words; null for none.</param>
/// <param name="Refusal">The reply to the client's dot, where the outcome is refused.</param>
/// <param name="Results">What Authentication-Results says; empty where it says nothing.</param>
/// <param name="Layers">The layers, outermost first, to the first that stayed.</param>
/// <param name="Seen">Certificates that signatures brought, for the store.</param>
/// <param name="NotBound">Places of the recipients for whom it was not sealed: for them it stays closed.</param>
/// <param name="WriteAsync">Writes the message as it is delivered; throws where the second look differs from the first.</param>
internal sealed record OpenedMessage(
    string Outcome,
    string? Reason,
    Reply? Refusal,
    IReadOnlyList<SmimeResult> Results,
    IReadOnlyList<LayerReport> Layers,
    IReadOnlyList<SeenCertificate> Seen,
    IReadOnlyList<int> NotBound,
    Func<PipeWriter, CancellationToken, Task> WriteAsync)
{
    /// <summary>Whether its header section needs SMTPUTF8 (RFC 6531), which a server on the way may have found needless for what it saw.</summary>
    public bool IsInternational { get; init; }

    /// <summary>Whether its body is not made of lines: only BDAT carries it (RFC 3030).</summary>
    public bool IsBinary { get; init; }

    /// <summary>Whether it came encrypted; one that we could not open counts, whatever the cause, so that the answer tells nobody which.</summary>
    public bool CameEncrypted => Layers.Any(layer => layer.Kind is "enveloped" or "authEnveloped");

    /// <summary>Whether a signature of somebody who may speak for the sender was verified.</summary>
    public bool CameSigned => Results.Any(result => result.Result == "pass");
}

/// <summary>A certificate that a message brought.</summary>
/// <param name="Certificate">The certificate.</param>
/// <param name="Capabilities">What its owner said to read, in a signature that holds.</param>
/// <param name="Carried">What came with it.</param>
internal sealed record SeenCertificate(EncodedCertificate Certificate, IReadOnlyList<string> Capabilities, IReadOnlyList<EncodedCertificate> Carried);

using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Algorithms;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;

namespace Cstp.CryptoBouncyCastle.Verifying;

/// <summary>A SignedData that was read to its end.</summary>
/// <param name="ContentType">The eContentType.</param>
/// <param name="HasContent">Whether it carries its content.</param>
/// <param name="Detached">Whether the content came beside it.</param>
/// <param name="Digests">The content's digests.</param>
/// <param name="Certificates">The certificates carried.</param>
/// <param name="Signers">The SignerInfos.</param>
internal sealed record SignedMessage(
    DerObjectIdentifier ContentType,
    bool HasContent,
    bool Detached,
    ContentDigests Digests,
    IReadOnlyList<EncodedCertificate> Certificates,
    IReadOnlyList<SignerInfo> Signers);

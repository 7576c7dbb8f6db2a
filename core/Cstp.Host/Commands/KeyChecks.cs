using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary>Looks whether the gateway's key is there, valid for a while, and works in the crypto module from end to end.</summary>
internal static class KeyChecks
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);
    private static readonly byte[] Sample = "Content-Type: text/plain\r\n\r\nself-test\r\n"u8.ToArray();

    /// <summary>Looks.</summary>
    /// <param name="current">The store.</param>
    /// <param name="crypto">The crypto module; null where it could not be loaded, which is told elsewhere.</param>
    /// <param name="securing">The algorithms in force.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancel">Ends the test.</param>
    /// <returns>What is not in order.</returns>
    public static async Task<IReadOnlyList<string>> FindAsync(TrustSnapshot current, ICmsEnveloper? crypto, SecuringOptions securing, DateTimeOffset now, CancellationToken cancel)
    {
        if (current.FindSigner(null) is not { } signer)
            return ["the box has no usable gateway key. Make one with 'cstp keys new --gateway' or import one with 'cstp keys import'."];
        var findings = new List<string>();
        EncodedCertificate reader = signer.EncryptionCertificate ?? signer.Identity.Certificate;
        CertificateFacts readerFacts = CertificateFacts.Read(reader);
        if (readerFacts.WhyNoRecipient(now) is { } noRecipient)
            findings.Add($"the gateway's certificate {reader.Fingerprint[..16]} {noRecipient}: partners cannot encrypt to this box. Make a key with 'cstp keys new --gateway'.");
        foreach (EncodedCertificate certificate in new[] { signer.Identity.Certificate, reader }.Distinct())
        {
            if (CertificateFacts.Read(certificate).NotAfter - now is { } left && left < Soon)
                findings.Add($"the gateway's certificate {certificate.Fingerprint[..16]} expires in {(int)left.TotalDays} days. Make a new key with 'cstp keys new --gateway' and send partners 'cstp certs export gateway'.");
        }
        if (crypto is null || findings.Count > 0)
            return findings;
        foreach (ContentCipher cipher in new[] { securing.AuthenticatedCipher, securing.Cipher }.Distinct())
        {
            if (await WhyFailsAsync(crypto, current, signer, reader, cipher, signer.Digest ?? securing.Digest, now, cancel) is { } failure)
                findings.Add($"self-test of the gateway's key with {cipher}: {failure}. Take another key or another crypto module.");
        }
        return findings;
    }

    private static async Task<string?> WhyFailsAsync(
        ICmsEnveloper crypto, TrustSnapshot current, SigningIdentity signer, EncodedCertificate reader, ContentCipher cipher, DigestAlgorithm digest, DateTimeOffset now, CancellationToken cancel)
    {
        try
        {
            byte[] signed = await ThroughAsync(Sample, (content, wire) => crypto.SignAsync(content, wire, new(signer.Identity, [reader], digest, now, signer.EncryptionCertificate), cancel));
            byte[] sealedOctets = await ThroughAsync(signed, (content, wire) => crypto.EncryptAsync(content, wire, new([new(reader, RsaKeyTransport.Pkcs1)], cipher), cancel));
            DecryptionResult? decrypted = null;
            byte[] opened = await ThroughAsync(sealedOctets, async (wire, content) => { decrypted = await crypto.DecryptAsync(wire, content, new(current.GatewayDecryptionKeys), cancel); });
            if (decrypted is not DecryptionResult.Decrypted)
                return $"what was encrypted cannot be decrypted ({decrypted})";
            VerificationResult? verified = null;
            byte[] content = await ThroughAsync(opened, async (wire, back) => { verified = await crypto.VerifyAsync(wire, back, new(current.Lookup), cancel); });
            if (verified is not VerificationResult.Checked { Signers: [{ Validity: SignatureValidity.Valid }] })
                return $"what was signed does not verify ({verified})";
            return content.AsSpan().SequenceEqual(Sample) ? null : "what came back is not what was sent";
        }
        // Whatever a module throws here it would throw at the first message.
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return $"{fault.GetType().Name}: {fault.Message}";
        }
    }

    /// <summary>Sends a few octets through one stage; all of them fit into the pipes.</summary>
    private static async Task<byte[]> ThroughAsync(byte[] octets, Func<PipeReader, PipeWriter, ValueTask> stage)
    {
        var into = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var outOf = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await into.Writer.WriteAsync(octets);
        await into.Writer.CompleteAsync();
        await stage(into.Reader, outOf.Writer);
        await into.Reader.CompleteAsync();
        await outOf.Writer.CompleteAsync();
        using var result = new MemoryStream();
        await outOf.Reader.CopyToAsync(result);
        await outOf.Reader.CompleteAsync();
        return result.ToArray();
    }
}

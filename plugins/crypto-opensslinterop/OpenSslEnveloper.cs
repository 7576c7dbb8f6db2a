using System.Formats.Asn1;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Cstp.Abstractions;
using Cstp.CryptoOpenSslInterop.Interop;
using Cstp.CryptoOpenSslInterop.Keys;
using Cstp.CryptoOpenSslInterop.Reading;
using Cstp.CryptoOpenSslInterop.Writing;

namespace Cstp.CryptoOpenSslInterop;

/// <summary>The crypto module over libcrypto 3: the structures are walked here, the mathematics is EVP's.</summary>
/// <remarks>Safe for all threads.</remarks>
public sealed class OpenSslEnveloper : ICmsEnveloper
{
    private const uint Version3 = 0x30000000;

    /// <summary>Looks for the library, and tries what only some versions of it have.</summary>
    /// <exception cref="DllNotFoundException">It is not there, or too old; the message names the version found.</exception>
    public OpenSslEnveloper()
    {
        string version;
        try
        {
            version = Marshal.PtrToStringUTF8(LibCrypto.OpenSSL_version(0)) ?? "an unknown version";
            if (LibCrypto.OpenSSL_version_num() < Version3)
                throw new DllNotFoundException($"libcrypto 3.0 or newer is needed, and {version} is installed; install OpenSSL 3 or select another crypto module");
        }
        catch (Exception e) when (e is EntryPointNotFoundException || (e is DllNotFoundException && !e.Message.Contains("is needed", StringComparison.Ordinal)))
        {
            throw new DllNotFoundException($"{LibCrypto.Name} cannot be loaded ({e.Message}); install OpenSSL 3 (Debian: libssl3) or select another crypto module", e);
        }
        Capabilities = new CmsCapabilities(
            [CmsAlgorithmNames.Sha256, CmsAlgorithmNames.Sha384, CmsAlgorithmNames.Sha512],
            [CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.RsaPss, CmsAlgorithmNames.EcdsaP256, CmsAlgorithmNames.EcdsaP384, CmsAlgorithmNames.EcdsaP521, CmsAlgorithmNames.Ed25519, .. LatticeAlgorithm.Working(encapsulates: false)],
            [CmsAlgorithmNames.RsaPkcs1, CmsAlgorithmNames.RsaOaep, CmsAlgorithmNames.EcdhP256, CmsAlgorithmNames.EcdhP384, CmsAlgorithmNames.EcdhP521, CmsAlgorithmNames.X25519, .. LatticeAlgorithm.Working(encapsulates: true)],
            [CmsAlgorithmNames.Aes128Cbc, CmsAlgorithmNames.Aes256Cbc, CmsAlgorithmNames.Aes128Gcm, CmsAlgorithmNames.Aes256Gcm],
            KeyReferences: false,
            version);
    }

    /// <inheritdoc/>
    public CmsCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public ValueTask SignAsync(PipeReader content, PipeWriter signedData, SigningRequest request, CancellationToken cancel) =>
        WriteAsync(content, signedData, (input, output) => new SignedDataWriter(request).WriteAsync(input, output, detached: false), cancel);

    /// <inheritdoc/>
    public ValueTask SignDetachedAsync(PipeReader content, PipeWriter signature, SigningRequest request, CancellationToken cancel) =>
        WriteAsync(content, signature, (input, output) => new SignedDataWriter(request).WriteAsync(input, output, detached: true), cancel);

    /// <inheritdoc/>
    public ValueTask EncryptAsync(PipeReader content, PipeWriter envelopedData, EncryptionRequest request, CancellationToken cancel) =>
        WriteAsync(content, envelopedData, (input, output) => new EnvelopedDataWriter(request).WriteAsync(input, output), cancel);

    /// <inheritdoc/>
    public async ValueTask<DecryptionResult> DecryptAsync(PipeReader envelopedData, PipeWriter content, DecryptionRequest request, CancellationToken cancel)
    {
        var output = new PipeOutput(content, cancel);
        (DecryptionResult? result, string? fault) = await ReadAsync(envelopedData, input => new EnvelopedDataReader(input, output, request).ReadAsync(), cancel);
        await FlushAsync(output);
        return result ?? new DecryptionResult.Failed(fault!);
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyAsync(PipeReader signedData, PipeWriter content, VerificationRequest request, CancellationToken cancel)
    {
        var output = new PipeOutput(content, cancel);
        (VerificationResult? result, string? fault) = await ReadAsync(signedData, input => new SignedDataReader(input, request).ReadAttachedAsync(output), cancel);
        await FlushAsync(output);
        return result ?? new VerificationResult.Malformed(fault!);
    }

    /// <inheritdoc/>
    public async ValueTask<VerificationResult> VerifyDetachedAsync(
        PipeReader content, PipeReader signature, IReadOnlyList<string> digests, VerificationRequest request, CancellationToken cancel)
    {
        using var digested = new ContentDigests(digests);
        (_, string? fault) = await ReadAsync<VerificationResult>(
            content,
            async input =>
            {
                while (await input.LookAsync(1) > 0)
                {
                    ReadOnlyMemory<byte> piece = input.Piece(long.MaxValue);
                    digested.Update(piece.Span);
                    input.Take(piece.Length);
                }
                return new VerificationResult.Malformed("");
            },
            cancel);
        if (fault is not null)
            return new VerificationResult.Malformed(fault);
        (VerificationResult? result, fault) = await ReadAsync(signature, input => new SignedDataReader(input, request).ReadDetachedAsync(digested), cancel);
        return result ?? new VerificationResult.Malformed(fault!);
    }

    private static async ValueTask WriteAsync(PipeReader content, PipeWriter target, Func<PipeWindow, PipeOutput, Task> write, CancellationToken cancel)
    {
        var input = new PipeWindow(content, cancel);
        try
        {
            await write(input, new PipeOutput(target, cancel));
        }
        catch (InputFaultException e)
        {
            throw e.InnerException as IOException ?? new IOException(e.Message, e.InnerException);
        }
        catch (OpenSslException e)
        {
            throw new CmsKeyException($"the key given cannot be used: {e.Message}; try another, or another crypto module", e);
        }
        catch (Exception e) when (e is AsnContentException or CmsSyntaxException)
        {
            throw new CmsKeyException($"a certificate given cannot be read: {e.Message}; remove it", e);
        }
        finally
        {
            input.Release();
        }
    }

    /// <summary>Broken input is a result and never an exception; the rest of it is read all the same, so that nobody waits.</summary>
    private static async ValueTask<(T? Result, string? Fault)> ReadAsync<T>(PipeReader source, Func<PipeWindow, Task<T>> read, CancellationToken cancel)
        where T : class
    {
        var input = new PipeWindow(source, cancel);
        try
        {
            (T? Result, string? Fault) outcome;
            try
            {
                outcome = (await read(input), null);
            }
            catch (Exception e) when (e is CmsSyntaxException or AsnContentException or OpenSslException or OverflowException)
            {
                outcome = (null, e.Message);
            }
            await input.DrainAsync();
            return outcome;
        }
        catch (InputFaultException e)
        {
            throw e.InnerException as IOException ?? new IOException(e.Message, e.InnerException);
        }
        finally
        {
            input.Release();
        }
    }

    private static async ValueTask FlushAsync(PipeOutput output)
    {
        try
        {
            await output.FlushAsync();
        }
        catch (InputFaultException e)
        {
            throw e.InnerException as IOException ?? new IOException(e.Message, e.InnerException);
        }
    }
}

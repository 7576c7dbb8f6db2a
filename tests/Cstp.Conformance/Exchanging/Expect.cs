using Cstp.Abstractions;
using Cstp.Conformance.Running;

namespace Cstp.Conformance.Exchanging;

/// <summary>What a row expects; else it fails and says of what.</summary>
internal static class Expect
{
    public static void That(bool holds, string shortfall)
    {
        if (!holds)
            throw new Shortfall(shortfall);
    }

    public static void Same(byte[] expected, byte[] actual, string what)
    {
        if (expected.AsSpan().SequenceEqual(actual))
            return;
        int common = expected.AsSpan().CommonPrefixLength(actual);
        throw new Shortfall($"{what}: {actual.Length} octets of content came out for {expected.Length}, different from octet {common} on");
    }

    public static VerificationResult.Checked Checked(VerificationResult result, string what) =>
        result as VerificationResult.Checked ?? throw new Shortfall($"{what}: {Describe(result)}");

    public static SignerResult Signer(VerificationResult result, string what)
    {
        IReadOnlyList<SignerResult> signers = Checked(result, what).Signers;
        return signers.Count == 1 ? signers[0] : throw new Shortfall($"{what}: {signers.Count} signers instead of one");
    }

    public static SignerResult Valid(VerificationResult result, string what) => Validity(SignatureValidity.Valid, result, what);

    public static SignerResult Validity(SignatureValidity expected, VerificationResult result, string what)
    {
        SignerResult signer = Signer(result, what);
        return signer.Validity == expected ? signer : throw new Shortfall($"{what}: the signer is {signer.Validity} ({signer.Reason ?? "no reason"}) instead of {expected}");
    }

    public static void NotValid(VerificationResult result, string what)
    {
        if (result is VerificationResult.Checked { Signers: var signers } && signers.Any(signer => signer.Validity == SignatureValidity.Valid))
            throw new Shortfall($"{what}: the signer is Valid");
    }

    public static DecryptionResult.Decrypted Decrypted(DecryptionResult result, string what) =>
        result as DecryptionResult.Decrypted ?? throw new Shortfall($"{what}: {Describe(result)} instead of Decrypted");

    public static void Failed(DecryptionResult result, string what) =>
        That(result is DecryptionResult.Failed, $"{what}: {Describe(result)} instead of Failed");

    public static void Malformed(VerificationResult result, string what) =>
        That(result is VerificationResult.Malformed, $"{what}: {Describe(result)} instead of Malformed");

    /// <summary>An exception of a type, and no other outcome.</summary>
    public static async Task<T> ThrowsAsync<T>(Func<Task> call, string what) where T : Exception
    {
        try
        {
            await call();
        }
        catch (T expected) when (expected is not Shortfall)
        {
            return expected;
        }
        catch (Exception other) when (other is not Shortfall)
        {
            throw new Shortfall($"{what}: {other.GetType().Name} ({other.Message}) instead of {typeof(T).Name}");
        }
        throw new Shortfall($"{what}: no {typeof(T).Name}");
    }

    private static string Describe(DecryptionResult result) => result switch
    {
        DecryptionResult.Failed failed => $"Failed ({failed.Reason})",
        DecryptionResult.NoMatchingKey => "NoMatchingKey",
        _ => result.GetType().Name,
    };

    private static string Describe(VerificationResult result) => result switch
    {
        VerificationResult.Malformed malformed => $"Malformed ({malformed.Reason})",
        VerificationResult.Checked { Signers: var signers } => $"Checked with {signers.Count} signers",
        _ => result.GetType().Name,
    };
}

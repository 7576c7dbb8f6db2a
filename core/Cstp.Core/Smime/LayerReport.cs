namespace Cstp.Core.Smime;

/// <summary>One layer in the report of <c>cstp message open</c>.</summary>
/// <param name="Kind">signed, clearSigned, enveloped or authEnveloped.</param>
/// <param name="Result">verified, untrusted, invalid, decrypted, noKey or failed.</param>
/// <param name="Reason">In words; null for none. Of a decryption that failed it stays in the box.</param>
/// <param name="Algorithms">By use: content, key, digest, signature.</param>
/// <param name="Signers">The signers.</param>
internal sealed record LayerReport(
    string Kind, string Result, string? Reason, IReadOnlyDictionary<string, string> Algorithms, IReadOnlyList<SignerReport> Signers);

/// <summary>One signer in the report.</summary>
/// <param name="Address">For whom the certificate speaks, or null.</param>
/// <param name="Subject">The certificate's subject, or null.</param>
/// <param name="Issuer">Its issuer, or null.</param>
/// <param name="Serial">Its serial number in hexadecimal, or null.</param>
/// <param name="Result">pass, policy, fail, permerror or neutral.</param>
internal sealed record SignerReport(string? Address, string? Subject, string? Issuer, string? Serial, string Result);

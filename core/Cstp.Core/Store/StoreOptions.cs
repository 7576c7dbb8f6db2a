namespace Cstp.Core.Store;

/// <summary>Section <c>[store]</c>: where certificates and keys are kept.</summary>
internal sealed record StoreOptions
{
    /// <summary>The database file.</summary>
    public string File { get; init; } = "cstp.db";

    /// <summary>
    /// The file with the passphrase that seals the private keys, or <c>credential:NAME</c> for one that systemd passes on
    /// (LoadCredential).
    /// </summary>
    public string PassphraseFile { get; init; } = "store.key";
}

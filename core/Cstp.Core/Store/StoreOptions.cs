using System.ComponentModel.DataAnnotations;

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

    /// <summary>
    /// How long it is remembered who has a message that only a part of its recipients got: a bit longer than servers keep trying
    /// (5 days, RFC 5321 4.5.4.1).
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan LedgerLifetime { get; init; } = TimeSpan.FromDays(7);
}

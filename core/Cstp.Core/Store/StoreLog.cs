using Microsoft.Extensions.Logging;

namespace Cstp.Core.Store;

/// <summary>Log events of the store, 4000 to 4099.</summary>
internal static partial class StoreLog
{
    [LoggerMessage(4000, LogLevel.Warning, "New untrusted certificate {Fingerprint} for the known address {Address}, from {Source}: judge it with 'cstp certs show'")]
    public static partial void KnownAddressWithNewKey(ILogger logger, string fingerprint, string address, string source);

    [LoggerMessage(4001, LogLevel.Information, "New untrusted certificate {Fingerprint} for {Address}, from {Source}")]
    public static partial void CertificateCollected(ILogger logger, string fingerprint, string address, string source);

    [LoggerMessage(4002, LogLevel.Warning, "Certificate {Fingerprint} from {Source} is not collected: {Limit}")]
    public static partial void CollectionLimitReached(ILogger logger, string fingerprint, string source, string limit);

    [LoggerMessage(4003, LogLevel.Error, "The store cannot be used; the last state of certificates and keys stays in force")]
    public static partial void StoreFailed(ILogger logger, Exception cause);

    [LoggerMessage(4004, LogLevel.Debug, "Certificates and keys were read anew: {Certificates} certificates, {Keys} keys")]
    public static partial void SnapshotReplaced(ILogger logger, int certificates, int keys);

    [LoggerMessage(4006, LogLevel.Information, "Certificate {Fingerprint} is used for {Address} from now on: it chains to an authority and signed mail of {Source}")]
    public static partial void CertificateHarvested(ILogger logger, string fingerprint, string address, string source);

    [LoggerMessage(4005, LogLevel.Error, "A revocation list of {Issuer} is left out: {Problem}. Import it anew.")]
    public static partial void ListUnreadable(ILogger logger, string issuer, string problem);
}

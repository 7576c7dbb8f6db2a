using System.Globalization;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary>Shows own keys; never the private part.</summary>
internal static class KeyOutput
{
    /// <summary>Writes them.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="output">Where to.</param>
    public static void Write(IReadOnlyList<OwnKey> keys, CommandOutput output)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        List<(OwnKey Key, CertificateView View)> rows = [.. keys.Select(key => (key, CertificateView.Of(key, now)))];
        if (output.IsJson)
        {
            output.Json(rows.Select(row => new
            {
                row.View.Fingerprint,
                Owner = row.View.Subject,
                row.Key.Signs,
                row.Key.Decrypts,
                row.View.Key,
                row.View.Name,
                row.View.Issuer,
                row.View.Addresses,
                row.View.NotBefore,
                row.View.NotAfter,
                row.Key.Created,
                row.View.Problem,
            }));
            return;
        }
        output.Table(
            ["FINGERPRINT", "OWNER", "KEY", "SIGNS", "DECRYPTS", "UNTIL", "PROBLEM"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                row.View.Fingerprint[..16], row.View.Subject, row.View.Key, row.Key.Signs ? "yes" : "no", row.Key.Decrypts ? "yes" : "no",
                row.View.NotAfter.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), row.View.Problem ?? "",
            ]));
    }
}

using System.Globalization;

namespace Cstp.Core.Smtp;

/// <summary>The limits that a server announces (RFC 9422), lowered to what the box leaves of them.</summary>
internal static class AnnouncedLimits
{
    /// <summary>Rewrites the parameters of the keyword.</summary>
    /// <param name="limits">Each <c>NAME=value</c>, as the server wrote it.</param>
    /// <param name="options">Our own limits.</param>
    /// <returns>The parameters for the client; one of ours stands last where the server names none.</returns>
    public static IReadOnlyList<string> Lower(IEnumerable<string> limits, SmtpOptions options)
    {
        List<string> lowered = [];
        bool hasRecipients = false;
        foreach (string limit in limits)
        {
            int equals = limit.IndexOf('=', StringComparison.Ordinal);
            string name = (equals < 0 ? limit : limit[..equals]).ToUpperInvariant();
            bool isNumber = long.TryParse(limit.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0;
            switch (name)
            {
                // What is no number announces nothing (RFC 9422 4.1, 4.2).
                case "MAILMAX" or "RCPTMAX" when !isNumber:
                    break;
                case "MAILMAX":
                    // A message that is split or loses a recipient takes a second MAIL on the same connection, and the server counts every one.
                    lowered.Add(Written(name, Math.Max(1, value / 2)));
                    break;
                case "RCPTMAX" when !hasRecipients:
                    lowered.Add(Written(name, Math.Min(value, options.MaxRecipients)));
                    hasRecipients = true;
                    break;
                case "RCPTMAX":
                    break;
                default:
                    lowered.Add(limit);
                    break;
            }
        }
        if (!hasRecipients)
            lowered.Add(Written("RCPTMAX", options.MaxRecipients));
        return lowered;
    }

    private static string Written(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");
}

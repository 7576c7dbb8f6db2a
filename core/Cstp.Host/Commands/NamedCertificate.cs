using System.CommandLine;

namespace Cstp.Host.Commands;

/// <summary>How a command line names one certificate: by the beginning of its SHA-256 fingerprint.</summary>
internal static class NamedCertificate
{
    private const int MinLength = 4;

    /// <summary>The argument.</summary>
    public static Argument<string> Argument() => new("FINGERPRINT") { Description = "SHA-256 fingerprint of the certificate; a unique beginning is enough." };

    /// <summary>Finds the one thing meant.</summary>
    /// <typeparam name="T">What is named.</typeparam>
    /// <param name="named">What the command line says.</param>
    /// <param name="candidates">All there are.</param>
    /// <param name="fingerprint">The fingerprint of one.</param>
    /// <returns>All that have the one fingerprint meant; at least one.</returns>
    /// <exception cref="CommandException">None, or more than one, is meant.</exception>
    public static IReadOnlyList<T> Find<T>(string named, IEnumerable<T> candidates, Func<T, string> fingerprint)
    {
        string beginning = named.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        if (beginning.Length < MinLength)
            throw new CommandException(ExitStatus.Usage, $"'{named}' is too short for the beginning of a fingerprint; give at least {MinLength} digits");
        List<IGrouping<string, T>> found = [.. candidates.GroupBy(fingerprint).Where(group => group.Key.StartsWith(beginning, StringComparison.Ordinal))];
        return found.Count switch
        {
            1 => [.. found[0]],
            0 => throw new CommandException(ExitStatus.Usage, $"no certificate's fingerprint begins with '{named}'; 'cstp certs list' and 'cstp keys list' show them all"),
            _ => throw new CommandException(ExitStatus.Usage, $"several fingerprints begin with '{named}' ({string.Join(", ", found.Select(group => group.Key[..16]))}); give more digits"),
        };
    }
}

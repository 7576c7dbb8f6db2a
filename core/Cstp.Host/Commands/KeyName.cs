using System.CommandLine;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary>How a command line names own keys: <c>gateway</c>, or the beginning of the certificate's fingerprint.</summary>
internal static class KeyName
{
    /// <summary>The argument.</summary>
    public static Argument<string> Argument()
    {
        var argument = new Argument<string>("gateway|FINGERPRINT") { Description = "The box's newest keys, or one by the beginning of its certificate's SHA-256 fingerprint." };
        argument.CompletionSources.Add(CertsExportCommand.Gateway);
        return argument;
    }

    /// <summary>Finds the keys meant.</summary>
    /// <param name="named">What the command line says.</param>
    /// <param name="current">The store.</param>
    /// <returns>At least one.</returns>
    /// <exception cref="CommandException">There is none.</exception>
    public static IReadOnlyList<OwnKey> Find(string named, TrustSnapshot current)
    {
        if (named != CertsExportCommand.Gateway)
            return NamedCertificate.Find(named, current.Keys, key => key.Identity.Certificate.Fingerprint);
        List<OwnKey> newest = [.. current.Keys.Where(key => key.Owner is null).GroupBy(key => key.Created).OrderByDescending(made => made.Key).FirstOrDefault()
            ?? Enumerable.Empty<OwnKey>()];
        return newest.Count > 0 ? newest : throw new CommandException(ExitStatus.Configuration, "the box has no gateway key. Make one with 'cstp keys new --gateway' or import one with 'cstp keys import'.");
    }
}

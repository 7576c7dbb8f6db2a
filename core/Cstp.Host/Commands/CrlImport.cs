using Cstp.Core.Store;
using Cstp.Core.Trust;
using Org.BouncyCastle.X509;

namespace Cstp.Host.Commands;

/// <summary><c>cstp certs import --crl</c>: takes revocation lists, each held to the key of its authority first.</summary>
internal static class CrlImport
{
    /// <summary>Imports all lists of a file, or none.</summary>
    /// <param name="file">The file, or - for standard input.</param>
    /// <param name="store">The store.</param>
    /// <param name="output">Where the result goes.</param>
    public static int Run(string file, TrustStore store, CommandOutput output)
    {
        IReadOnlyList<X509Crl> lists;
        try
        {
            lists = CrlFile.Read(FileArgument.Read(file));
        }
        catch (FormatException broken)
        {
            throw new CommandException(ExitStatus.Data, $"{file}: {broken.Message}", broken);
        }
        X509Certificate[] authorities = [.. store.Current.Authorities.Concat(store.Current.Intermediates).Distinct().Select(facts => new X509Certificate(facts.Certificate.Der.ToArray()))];
        foreach (X509Crl list in lists)
        {
            string?[] problems = [.. authorities.Where(authority => authority.SubjectDN.Equivalent(list.IssuerDN, true)).Select(authority => CrlFile.WhyUnusable(list, authority, DateTimeOffset.UtcNow))];
            if (problems.Length == 0)
                throw new CommandException(ExitStatus.Data, $"{file}: the list is of {list.IssuerDN}, which is no authority of the store. Import that first, with 'cstp certs import FILE --ca'.");
            if (!problems.Contains(null))
                throw new CommandException(ExitStatus.Data, $"{file}: the list of {list.IssuerDN} {problems[0]}. Get the current one from the authority.");
        }
        foreach (X509Crl list in lists)
            store.KeepList(list, "import");
        if (output.IsJson)
            output.Json(lists.Select(CrlView.Of));
        else
        {
            foreach (X509Crl list in lists)
                output.Line($"{list.IssuerDN}, valid until {list.NextUpdate:u}");
        }
        return ExitStatus.Done;
    }
}

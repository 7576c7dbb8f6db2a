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
        CertificateFacts[] authorities = [.. store.Current.Authorities.Concat(store.Current.Intermediates).Distinct()];
        foreach (X509Crl list in lists)
        {
            if (!authorities.Any(authority => authority.Subject is not null && authority.Subject.Equivalent(list.IssuerDN, true) && Signed(authority, list)))
                throw new CommandException(ExitStatus.Data, $"{file}: the list of {list.IssuerDN} is not signed by an authority of the store. Import that first, with 'cstp certs import FILE --ca'.");
            if (list.NextUpdate is not { } next || next < DateTime.UtcNow)
                throw new CommandException(ExitStatus.Data, $"{file}: the list of {list.IssuerDN} has run out, or does not say until when it holds. Get the current one.");
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

    private static bool Signed(CertificateFacts authority, X509Crl list)
    {
        try
        {
            list.Verify(new X509Certificate(authority.Certificate.Der.ToArray()).GetPublicKey());
            return true;
        }
        catch (Exception foreign) when (CertificationPathValidation.IsBrokenInput(foreign))
        {
            return false;
        }
    }
}

/// <summary>A revocation list as it is shown.</summary>
/// <param name="Issuer">The authority.</param>
/// <param name="ThisUpdate">Since when it holds.</param>
/// <param name="NextUpdate">Until when.</param>
/// <param name="Revoked">How many certificates stand in it.</param>
internal sealed record CrlView(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset? NextUpdate, int Revoked)
{
    /// <summary>Describes a list.</summary>
    /// <param name="list">The list.</param>
    public static CrlView Of(X509Crl list) => new(
        list.IssuerDN.ToString(),
        new DateTimeOffset(list.ThisUpdate, TimeSpan.Zero),
        list.NextUpdate is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null,
        list.GetRevokedCertificates()?.Count ?? 0);
}

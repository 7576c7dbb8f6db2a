using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Core.Trust;

namespace Cstp.Host.Commands;

/// <summary><c>cstp certs export</c>: PEM for others.</summary>
internal static class CertsExportCommand
{
    /// <summary>The word for the box's own certificates.</summary>
    public const string Gateway = "gateway";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("gateway|FINGERPRINT") { Description = "The box's own certificates, or one by the beginning of its SHA-256 fingerprint." };
        name.CompletionSources.Add(Gateway);
        var command = new Command("export", "Prints certificates as PEM.") { name };
        StoreCommand.SetAction(command, (parsed, _, store, output) =>
        {
            string named = parsed.GetRequiredValue(name);
            output.Raw(CertificateFile.WritePem(named == Gateway ? OwnCertificates(store.Current) : [Named(named, store.Current)]));
            return ExitStatus.Done;
        });
        return command;
    }

    /// <summary>What partners need: the certificate that the box signs with now, and the one to encrypt to where that is another.</summary>
    private static IEnumerable<EncodedCertificate> OwnCertificates(TrustSnapshot current)
    {
        SigningIdentity signer = current.FindSigner(null)
            ?? throw new CommandException(ExitStatus.Configuration, "the box has no usable gateway key. Make one with 'cstp keys new --gateway' or import one with 'cstp keys import'.");
        return new[] { signer.Identity.Certificate, signer.EncryptionCertificate }.OfType<EncodedCertificate>();
    }

    private static EncodedCertificate Named(string named, TrustSnapshot current) => NamedCertificate.Find(
        named,
        current.Certificates.Select(stored => stored.Certificate).Concat(current.Keys.Select(key => key.Identity.Certificate)),
        certificate => certificate.Fingerprint)[0];
}

using System.CommandLine;
using System.Text;
using Cstp.Core.Plugins;
using Cstp.Core.Store;
using Cstp.Core.Tls;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary><c>cstp tls</c>: what TLS at the box needs.</summary>
internal static class TlsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var authority = new Command("authority", "Prints the certificate of the box's TLS authority, for clients to trust; makes the authority first where there is none.");
        authority.SetAction(parsed =>
        {
            CstpSettings settings = CommonOptions.ReadSettings(parsed);
            string certificate = settings.Tls.AuthorityCertificateFile!, key = settings.Tls.AuthorityKeyFile!;
            if (!File.Exists(certificate))
                Make(settings.Box.Domains[0], certificate, key);
            new CommandOutput(parsed).Raw(File.ReadAllText(certificate));
        });
        return new Command("tls", "TLS at the box.") { authority };
    }

    /// <summary>The key first: a certificate is only there where its key is. Root makes them, the proxy runs as another user.</summary>
    private static void Make(string domain, string certificate, string key)
    {
        (string certificatePem, string keyPem) = TlsAuthority.Create($"CSTP TLS authority of {domain}", DateTimeOffset.UtcNow);
        if (File.Exists(key))
            throw new CommandException(ExitStatus.Configuration, $"{key} is there and its certificate {certificate} is not. Bring that back, or move the key away.");
        StoreFile.CreatePrivate(key, Encoding.ASCII.GetBytes(keyPem));
        File.WriteAllText(certificate, certificatePem);
        foreach (string file in new[] { key, certificate })
            FileOwnership.GiveToOwnerOf(Path.GetDirectoryName(file)!, file);
    }
}

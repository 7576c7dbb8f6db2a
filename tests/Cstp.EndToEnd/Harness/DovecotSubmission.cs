using System.Diagnostics;
using System.Globalization;

namespace Cstp.EndToEnd.Harness;

/// <summary>A submission server of Dovecot, on loopback only, that hands all mail on. It speaks BDAT and BINARYMIME on both sides. Needs root.</summary>
internal sealed class DovecotSubmission : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll();
    private readonly Process _process;

    private DovecotSubmission(int next, string access)
    {
        Directory.CreateDirectory(_folder.Of("home"));
        string configuration = _folder.Of("dovecot.conf");
        File.WriteAllText(configuration, $$"""
            base_dir = {{_folder.Of("run")}}
            state_dir = {{_folder.Of("run")}}
            log_path = {{_folder.Of("log")}}
            protocols = submission
            listen = 127.0.0.1
            hostname = dovecot.test
            mail_location = maildir:{{_folder.Of("home")}}
            {{access}}
            userdb {
              driver = static
              args = uid=nobody gid=nogroup home={{_folder.Of("home")}}
            }
            service submission-login {
              chroot =
              inet_listener submission {
                port = {{Port.ToString(CultureInfo.InvariantCulture)}}
              }
            }
            submission_relay_host = 127.0.0.1
            submission_relay_port = {{next.ToString(CultureInfo.InvariantCulture)}}
            submission_backend_capabilities = 8BITMIME BINARYMIME CHUNKING

            """);
        _process = Process.Start(new ProcessStartInfo("dovecot", ["-F", "-c", configuration]))!;
    }

    private const string Everybody = "ssl = no\ndisable_plaintext_auth = no\npassdb {\n  driver = static\n  args = nopassword=y\n}";

    /// <summary>Who has this password, and no other, and says it in TLS.</summary>
    /// <param name="password">The password, of each user.</param>
    /// <param name="certificate">The file of the certificate.</param>
    /// <param name="key">The file of its key.</param>
    public static string ByPassword(string password, string certificate, string key) =>
        $"ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\npassdb {{\n  driver = static\n  args = password={password}\n}}";

    /// <summary>What a client says to be let in.</summary>
    public const string Login = "AUTH PLAIN AGp1cm8AeA==";

    public int Port { get; } = FreePort.Next();

    /// <summary>What it logged.</summary>
    public string Log => File.Exists(_folder.Of("log")) ? File.ReadAllText(_folder.Of("log")) : "";

    /// <summary>Starts it.</summary>
    /// <param name="next">Where all mail goes, on loopback.</param>
    /// <param name="access">Who is let in; everybody by default.</param>
    public static async Task<DovecotSubmission> StartAsync(int next, string access = Everybody)
    {
        var dovecot = new DovecotSubmission(next, access);
        try
        {
            await SmtpSink.ListeningAsync(dovecot.Port, TimeSpan.FromSeconds(20));
            return dovecot;
        }
        catch
        {
            await dovecot.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Command.TryAsync(TimeSpan.FromSeconds(20), "doveadm", "-c", _folder.Of("dovecot.conf"), "stop");
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }
}

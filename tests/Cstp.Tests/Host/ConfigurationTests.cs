using System.Net;
using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;
using Cstp.Core.Tls;
using Cstp.Host.Configuration;
using Cstp.Tests.Store;
using Microsoft.Extensions.Logging;

namespace Cstp.Tests.Host;

public sealed class ConfigurationTests : IDisposable
{
    /// <summary>A configuration with all that must be there.</summary>
    internal const string Least = """
        [box]
        name = "cstpbox@amd.test"
        domains = ["amd.test"]
        [modules]
        crypto = "c"
        policy = "p"
        network = "n"

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private LoadedConfiguration Read(string text) => LoadedConfiguration.Read(_folder.Write("cstp.toml", text));

    private IEnumerable<string> Mistakes(string text) => Read(text).Mistakes.Lines.Select(line => line.Replace(_folder["cstp.toml"] + ":", "", StringComparison.Ordinal));

    [Fact]
    public void The_least_configuration_has_all_defaults()
    {
        LoadedConfiguration read = Read(Least);
        Assert.Empty(read.Mistakes.Lines);
        Assert.Equal("cstp.amd.test", read.Settings.Box.EffectiveAuthservId);
        Assert.Equal(new SmtpOptions(), read.Settings.Smtp);
        Assert.Equal(_folder["cstp.db"], read.Settings.Store.File);
        Assert.Null(read.Settings.Metrics.Listen);
    }

    [Fact]
    public void Every_kind_of_value_is_read_and_paths_are_relative_to_the_file()
    {
        CstpSettings settings = Read(Least + """
            interceptors = ["a", "b"]
            [plugins]
            folders = ["plugins", "/opt/x"]
            [store]
            file = "sub/my.db"
            passphrase_file = "credential:store"
            [securing]
            sign_without_certificate = true
            unauthenticated = "keep"
            digest = "sha-384"
            cipher = "aes-128-cbc"
            eight_bit = "reencode"
            [smtp]
            starttls = "pass"
            connect_timeout = "500ms"
            command_timeout = "2h"
            max_header = "64KiB"
            max_sessions = 12
            [log]
            level = "debug"
            format = "json"
            [metrics]
            listen = "[::1]:9464"
            """).Settings;
        Assert.Equal(["a", "b"], settings.Modules.Interceptors);
        Assert.Equal([_folder["plugins"], "/opt/x"], settings.Plugins.Folders);
        Assert.Equal((_folder["sub/my.db"], "credential:store"), (settings.Store.File, settings.Store.PassphraseFile));
        Assert.Equal((true, UnauthenticatedContent.Keep, DigestAlgorithm.Sha384, ContentCipher.Aes128Cbc, EightBitSigning.Reencode),
            (settings.Securing.SignWithoutCertificate, settings.Securing.Unauthenticated, settings.Securing.Digest, settings.Securing.Cipher, settings.Securing.EightBit));
        Assert.Equal((StartTlsHandling.Pass, TimeSpan.FromMilliseconds(500), TimeSpan.FromHours(2), 65_536, 12),
            (settings.Smtp.Starttls, settings.Smtp.ConnectTimeout, settings.Smtp.CommandTimeout, settings.Smtp.MaxHeader, settings.Smtp.MaxSessions));
        Assert.Equal((LogLevel.Debug, LogFormat.Json), (settings.Log.Level, settings.Log.Format));
        Assert.Equal(IPEndPoint.Parse("[::1]:9464"), settings.Metrics.Listen);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_each_with_its_line_and_the_nearest_key_or_the_allowed_values()
    {
        Assert.Equal(
            [
                "2: [box] name: 'cstpbox' is no mail address; write the one that stands in the gateway certificate, like \"cstpbox@example.com\"",
                "3: [box] domains: 'a@b' is no domain; write only what stands right of the @",
                "4: [box] doamins: unknown key; did you mean 'domains'?",
                "6: [smtp] starttls: 'hidden' is not one of \"hide\", \"pass\", \"terminate\"",
                "7: [smtp] connect_timeout: '30' is not a duration like \"30s\", \"5m\", \"2h\" or \"500ms\"",
                "8: [smtp] max_recipients: must be between 100 and 100000",
                "9: [smtp] max_header: must be an integer, or a size like \"64KiB\", not true or false",
                "10: [sutff]: unknown section; known: box, log, metrics, module.NAME, modules, plugins, relay, revocation, securing, smtp, spool, store, tls, trust.",
                "11: [modules] policy: must be given",
                "11: [modules] network: must be given",
                "12: [modules] crypto: must name a plugin",
            ],
            Mistakes("""
                [box]
                name = "cstpbox"
                domains = ["a@b"]
                doamins = []
                [smtp]
                starttls = "hidden"
                connect_timeout = "30"
                max_recipients = 5
                max_header = true
                [sutff]
                [modules]
                crypto = ""
                """));
    }

    [Theory]
    [InlineData("[box\nname = 1", "1: not TOML")]
    [InlineData("[box]\nname = \"a@b\"\nname = \"a@b\"", "3: ")]
    [InlineData("box = 1", "1: box: must be a section [box], not an integer")]
    [InlineData("[[box]]", "1: box: must be a section [box], not a list")]
    [InlineData("[[securing.rules]]\nencrypt = \"require\"\n[[securing.rules]]\nencrypt = \"always\"", "4: [securing] rules.encrypt: 'always' is not one of \"prefer\", \"require\", \"never\"")]
    [InlineData("[[securing.rules]]\nremote = [\"intel.test\", \"anna@\"]\nsign = \"never\"", "2: [securing] rules.remote: 'anna@' is no address")]
    [InlineData("[[securing.rules]]\nremote = []\nsign = \"never\"", "2: [securing] rules.remote: names nobody")]
    [InlineData("[securing]\n[[securing.rules]]\nremote = [\"intel.test\"]", "2: [securing] rules: demands nothing")]
    [InlineData("[securing]\nrules = 1\n[[securing.rules]]\nsign = \"never\"", "3: not TOML")]
    [InlineData("[[securing.aliases]]\naddress = \"sales\"\nuser = \"a@b\"", "2: [securing] aliases.address: 'sales' is no mail address")]
    [InlineData("[securing.triggers]\nheader = \"X Cstp\"", "2: [securing] triggers.header: must be a field name")]
    [InlineData("[box]\ndomains = \"amd.test\"", "2: [box] domains: must be a list in [ ], not a string")]
    [InlineData("[box]\ndomains = [\"\uff41md.test\"]", "2: [box] domains: '\uff41md.test' is no domain: '\uff41md' has characters other than plain letters")]
    [InlineData("[box]\ndomains = [\"mu\u0308ller.test\"]", "2: [box] domains: 'mu\u0308ller.test' is no domain: 'mu\u0308ller' has characters other than plain letters")]
    [InlineData("[box]\ndomains = [\"a..test\"]", "2: [box] domains: 'a..test' is no domain: a dot stands")]
    [InlineData("[box]\ndomains = [\"a b.test\"]", "2: [box] domains: 'a b.test' is no domain: 'a b' is not of letters, digits and hyphens")]
    [InlineData("[box]\nauthserv_id = \"a/1\"", "2: [box] authserv_id: 'a/1' is no domain: 'a/1' is not of letters")]
    [InlineData("[relay]\nserver = \"relay.test:25\"\nuser = \"box\"", "3: [relay] user: user and password belong together")]
    [InlineData("[relay]\nserver = \"relay.test:25\"\npassword_file = \"p\"", "3: [relay] password_file: user and password belong together")]
    [InlineData("[relay]\nuser = \"box\"\npassword_file = \"p\"", "2: [relay] user: a user without a relay; give server too")]
    [InlineData("[relay]\nserver = \"relay.test:25\"\nuser = \"\"\npassword_file = \"p\"", "3: [relay] user: must have 1 to 255 characters")]
    [InlineData("[relay]\nhello = \"-a.test\"", "2: [relay] hello: '-a.test' is no domain: '-a' is not of letters")]
    [InlineData("[metrics]\nlisten = \"127.0.0.1\"", "2: [metrics] listen: '127.0.0.1' is not an address with port")]
    [InlineData("[metrics]\nlisten = 1.5", "2: [metrics] listen: must be an address with port like \"127.0.0.1:2525\" or \"[::1]:2525\", not a number with a fraction")]
    [InlineData("[securing]\nouter_subject = \"ü\"", "2: [securing] outer_subject: must be printable ASCII")]
    [InlineData("[modules]\ninterceptors = [\"a\", \"a\"]", "2: [modules] interceptors: 'a' is named twice")]
    [InlineData("[tls]\ncertificate_file = \"a.pem\"", "2: [tls] certificate_file: certificate and key belong together")]
    [InlineData("[tls]\nauthority_key_file = \"a.key\"", "2: [tls] authority_key_file: certificate and key of the authority belong together")]
    [InlineData("[tls]\nkey_passphrase_file = \"a\"", "2: [tls] key_passphrase_file: a passphrase without a key")]
    [InlineData("[tls]\nverify = \"dane\"", "1: [tls] resolver: verify = \"dane\" needs a validating resolver")]
    [InlineData("[tls]\nserver = \"always\"", "2: [tls] server: 'always' is not one of \"none\", \"opportunistic\", \"required\"")]
    [InlineData("[tls]\ndestinations = [{ address = \"mx.test\" }]", "2: [tls] destinations: 'mx.test' is neither an IP address nor a network")]
    [InlineData("[tls]\ndestinations = [{ name = \"mx.test\" }]", "2: [tls] destinations.address: must be given")]
    [InlineData("[tls]\ndestinations = [{ address = \"::1\", name = \"mx\" }]", "2: [tls] destinations: ::1: 'mx' is no host name")]
    [InlineData("[tls]\ndestinations = [{ address = \"192.0.2.0/24\", pins = [\"00\"] }]", "2: [tls] destinations: 192.0.2.0/24: '00' is no SHA-256 value")]
    [InlineData("[tls]\ndestinations = [{ address = \"::1\", server = \"required\", verify = \"pin\" }]", "2: [tls] destinations: ::1: verify is \"pin\", and this destination has none")]
    [InlineData("[tls]\ndestinations = [{ address = \"::1\", server = \"required\", verify = \"pkix\" }]", "2: [tls] destinations: ::1: pkix verifies a name, and this destination has none")]
    public void A_mistake_is_found(string text, string expected) =>
        Assert.Contains(Mistakes(text), line => line.StartsWith(expected, StringComparison.Ordinal));

    [Fact]
    public void Domains_may_be_written_in_U_labels_and_are_kept_in_A_labels()
    {
        LoadedConfiguration read = Read("""
            [box]
            name = "cstpbox@M\u00dcLLER.test"
            domains = ["m\u00fcller.test", "xn--mller-kva.test", "amd.test"]
            authserv_id = "cstp.m\u00fcller.test"
            [modules]
            crypto = "c"
            policy = "p"
            network = "n"
            [relay]
            server = "smarthost.m\u00fcller.test:25"
            hello = "box.m\u00fcller.test"
            [[tls.destinations]]
            address = "192.0.2.25"
            name = "mx.m\u00fcller.test"
            """);
        Assert.Empty(read.Mistakes.Lines);
        CstpSettings settings = read.Settings;
        Assert.Equal("cstpbox@xn--mller-kva.test", settings.Box.Name);
        Assert.Equal(["xn--mller-kva.test", "xn--mller-kva.test", "amd.test"], settings.Box.Domains);
        Assert.Equal("cstp.xn--mller-kva.test", settings.Box.EffectiveAuthservId);
        Assert.Equal("box.xn--mller-kva.test", settings.Relay.Hello);
        Assert.True(RelayServer.TryParse(settings.Relay.Server!, out RelayServer? relay));
        Assert.Equal("smarthost.xn--mller-kva.test", relay.Host);
        Assert.Equal("mx.xn--mller-kva.test", settings.Tls.RuleFor(IPAddress.Parse("192.0.2.25")).Name);
    }

    [Fact]
    public void The_first_destination_that_fits_a_server_counts_and_says_what_differs()
    {
        TlsOptions tls = Read(Least + """
            [tls]
            client = "required"
            server = "required"
            verify = "dane"
            resolver = "127.0.0.1:53"
            certificate_file = "tls/mail.pem"
            key_file = "tls/mail.key"
            [[tls.destinations]]
            address = "192.0.2.25"
            name = "mx.partner.test"
            verify = "pkix"
            [[tls.destinations]]
            address = "192.0.2.0/24"
            server = "none"
            """).Settings.Tls;
        Assert.Equal((_folder["tls/mail.pem"], _folder["tls/mail.key"], _folder["tls-authority.pem"]), (tls.CertificateFile, tls.KeyFile, tls.AuthorityCertificateFile));
        Assert.Equal((TlsPolicy.Required, TlsVerification.Pkix, "mx.partner.test"), Rule("192.0.2.25"));
        Assert.Equal((TlsPolicy.Required, TlsVerification.Pkix, "mx.partner.test"), Rule("::ffff:192.0.2.25"));
        Assert.Equal((TlsPolicy.None, TlsVerification.Dane, null), Rule("192.0.2.26"));
        Assert.Equal((TlsPolicy.Required, TlsVerification.Dane, null), Rule("198.51.100.1"));

        (TlsPolicy, TlsVerification, string?) Rule(string address)
        {
            TlsRule rule = tls.RuleFor(IPAddress.Parse(address));
            return (rule.Policy, rule.Verify, rule.Name);
        }
    }

    [Fact]
    public void Settings_of_a_module_are_filled_and_checked_like_ours()
    {
        LoadedConfiguration read = Read(Least + """
            [module.n]
            inside = { listen = "127.0.0.1:1", upstream = "x" }
            [module.bad]
            inside = { listen = "127.0.0.1", upstreem = "x" }
            [module.other]
            """);
        var settings = Assert.IsType<SampleSettings>(read.ModuleSettings("n", typeof(SampleSettings)));
        Assert.Equal(("x", 3), (settings.Inside.Upstream, settings.Depth));
        Assert.Null(read.ModuleSettings("bad", typeof(SampleSettings)));
        Assert.Null(read.ModuleSettings("n", null));
        Assert.Null(read.ModuleSettings("missing", typeof(SampleSettings)));
        Assert.Equal(
            [
                "1: [module.missing] inside: must be given",
                "9: [module.n] inside: unknown key; this module has no settings. Remove it.",
                "11: [module.bad] inside.listen: '127.0.0.1' is not an address with port like \"127.0.0.1:2525\" or \"[::1]:2525\"",
                "11: [module.bad] inside.upstreem: unknown key; did you mean 'upstream'?",
                "11: [module.bad] inside.upstream: must be given",
            ],
            read.Mistakes.Lines.Select(line => line.Replace(_folder["cstp.toml"] + ":", "", StringComparison.Ordinal)));
        Assert.Contains(ConfigurationWarnings.Of(read), warning => warning.Contains("[module.other] is not read", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named_with_the_mend() =>
        Assert.Contains("cstp init", Assert.Throws<ConfigurationException>(() => LoadedConfiguration.Read(_folder["none.toml"])).Message, StringComparison.Ordinal);

    public sealed class SampleSettings
    {
        public required SampleSide Inside { get; set; }

        public int Depth { get; set; } = 3;
    }

    public sealed class SampleSide
    {
        public IPEndPoint Listen { get; set; } = new(IPAddress.Loopback, 0);

        public required string Upstream { get; set; }
    }
}

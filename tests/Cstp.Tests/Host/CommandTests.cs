using System.Text.Json;
using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Cstp.Host.Configuration;
using Cstp.Tests.Store;
using Cstp.Tests.Tls;
using Cstp.Tests.Trust;

namespace Cstp.Tests.Host;

public sealed partial class CommandTests : IDisposable
{
    private static readonly string Fixtures = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "fixtures"));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Config => _folder["box/cstp.toml"];

    private Task<CstpProgram.Result> Run(params string[] args) => CstpProgram.RunAsync([.. args, "--config", Config]);

    private async Task Init(params string[] more)
    {
        (await CstpProgram.RunAsync(["init", _folder["box"], "--domain", "amd.test", .. more])).Expect(0);
        SelectFixtures("box");
    }

    /// <summary>Puts the tests' own modules into the configuration, so that nothing depends on the product's.</summary>
    private void SelectFixtures(string box)
    {
        string file = _folder[$"{box}/cstp.toml"];
        string text = File.ReadAllText(file);
        text = Regex.Replace(text, "(?m)^crypto = .*$", "crypto = \"fixture-crypto\"");
        text = Regex.Replace(text, "(?m)^policy = .*$", "policy = \"fixture-json13\"");
        text = Regex.Replace(text, "(?m)^network = .*$", "network = \"netsetup-explicit\"");
        text = text.Replace("folders = [\"plugins\"]", $"folders = [\"plugins\", \"{Fixtures}\"]", StringComparison.Ordinal);
        File.WriteAllText(file, text);
    }

    [Fact]
    public async Task Init_makes_a_box_whose_configuration_is_in_order_and_overwrites_nothing()
    {
        await Init();
        Assert.Equal("rw-------", Mode("box/cstp.db"));
        Assert.Equal("rw-------", Mode("box/store.key"));
        Assert.True(Directory.Exists(_folder["box/plugins"]));
        CstpProgram.Result check = (await Run("config", "check", "--json")).Expect(0);
        Assert.True(check.Json.GetProperty("ok").GetBoolean());
        Assert.Contains(check.Json.GetProperty("warnings").EnumerateArray(), warning => warning.GetString()!.Contains("MTA-STS", StringComparison.Ordinal));
        CstpProgram.Result again = (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "amd.test")).Expect(74);
        Assert.Contains("is not overwritten", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_takes_a_domain_in_U_labels_and_the_box_knows_each_spelling_of_it()
    {
        (await CstpProgram.RunAsync("init", _folder["box"], "--domain", "M\u00fcller.test", "--domain", "xn--mller-kva.test", "--domain", "amd.test")).Expect(0);
        string text = File.ReadAllText(Config);
        Assert.Contains("name = \"cstpbox@xn--mller-kva.test\"", text, StringComparison.Ordinal);
        Assert.Contains("domains = [\"xn--mller-kva.test\", \"xn--mller-kva.test\", \"amd.test\"]", text, StringComparison.Ordinal);
        File.WriteAllText(Config, Regex.Replace(text, "(?m)^domains = .*$", "domains = [\"m\u00fcller.test\", \"xn--mller-kva.test\", \"amd.test\"]"));
        (await Run("config", "check")).Expect(0);
        // Only a local user may own a key.
        (await Run("keys", "new", "--user", "j\u00fcrg@M\u00dcLLER.test")).Expect(0);
        (await Run("keys", "new", "--user", "anna@xn--mller-kva.test")).Expect(0);
        (await Run("keys", "new", "--user", "anna@mueller.test")).Expect(64);
    }

    [Fact]
    public async Task Init_names_the_crypto_module_of_the_highest_preference_or_the_one_that_was_asked_for()
    {
        (await CstpProgram.RunAsync("init", _folder["one"], "--domain", "amd.test")).Expect(0);
        Assert.Contains("crypto = \"crypto-opensslinterop\"", await File.ReadAllTextAsync(Path.Combine(_folder["one"], "cstp.toml")), StringComparison.Ordinal);
        (await CstpProgram.RunAsync("init", _folder["two"], "--domain", "amd.test", "--crypto", "crypto-bouncycastle")).Expect(0);
        Assert.Contains("crypto = \"crypto-bouncycastle\"", await File.ReadAllTextAsync(Path.Combine(_folder["two"], "cstp.toml")), StringComparison.Ordinal);
        CstpProgram.Result none = (await CstpProgram.RunAsync("init", _folder["three"], "--domain", "amd.test", "--crypto", "crypto-acme")).Expect(78);
        Assert.Contains("crypto-acme", none.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["three"]));
    }

    [Fact]
    public async Task The_defaults_that_init_writes_as_comments_are_the_ones_in_force()
    {
        await Init("--inside-listen", "127.0.0.1:11", "--inside-upstream", "mail.amd.test:25");
        string text = File.ReadAllText(Config);
        Assert.Contains("inside = { listen = \"127.0.0.1:11\", upstream = \"mail.amd.test:25\" }", text, StringComparison.Ordinal);
        LoadedConfiguration asWritten = LoadedConfiguration.Read(Config);
        File.WriteAllText(Config, File.ReadAllText(Config).Replace("#= ", "", StringComparison.Ordinal));
        LoadedConfiguration uncommented = LoadedConfiguration.Read(Config);
        Assert.Empty(asWritten.Mistakes.Lines);
        Assert.Empty(uncommented.Mistakes.Lines);
        Assert.Equal(asWritten.Settings.Smtp, uncommented.Settings.Smtp);
        Assert.Equal(asWritten.Settings.Securing, uncommented.Settings.Securing);
        Assert.Equal(asWritten.Settings.Spool, uncommented.Settings.Spool);
        Assert.Equal(asWritten.Settings.Tls, uncommented.Settings.Tls);
        Assert.Equal(asWritten.Settings.Log, uncommented.Settings.Log);
        Assert.Equal(asWritten.Settings.Box.EffectiveAuthservId, uncommented.Settings.Box.AuthservId);
        foreach (Type section in typeof(CstpSettings).GetProperties().Select(property => property.PropertyType))
        {
            foreach (string key in section.GetProperties().Where(property => property.CanWrite).Select(property => SettingNames.Key(property.Name)))
                Assert.Matches($@"(?m)^((#= |# |){key} = |(# )?\[\[?[a-z]+\.{key}\])", text);
        }
    }

    [Fact]
    public async Task Config_check_tells_all_that_is_wrong_with_file_plugins_and_store_at_once()
    {
        await Init();
        File.AppendAllText(Config, "\n[module.fixture-crypto]\nbrokn = true\n");
        File.AppendAllText(Config, "[sutff]\n");
        CstpProgram.Result check = (await Run("config", "check")).Expect(78);
        Assert.Contains("brokn: unknown key; did you mean 'broken'?", check.Output, StringComparison.Ordinal);
        Assert.Contains("[sutff]: unknown section", check.Output, StringComparison.Ordinal);
        Assert.Matches(@"cstp\.toml:\d+: \[module\.fixture-crypto\] brokn", check.Output);
    }

    [Fact]
    public async Task Config_check_wants_a_certificate_for_clients_and_tls_authority_makes_one()
    {
        await Init();
        File.WriteAllText(Config, File.ReadAllText(Config).Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal));
        CstpProgram.Result check = (await Run("config", "check")).Expect(78);
        Assert.Matches(@"cstp\.toml:\d+: \[tls\] certificate_file: there is no certificate for clients.*run 'cstp tls authority'", check.Output);
        CstpProgram.Result made = (await Run("tls", "authority")).Expect(0);
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", made.Output, StringComparison.Ordinal);
        Assert.Equal(made.Output, (await Run("tls", "authority")).Expect(0).Output);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Path.GetDirectoryName(Config)!, "tls-authority.key")));
        (await Run("config", "check")).Expect(0);
    }

    [Fact]
    public async Task Config_check_finds_what_is_wrong_with_the_certificate_for_clients()
    {
        await Init();
        using var workshop = new TlsWorkshop();
        using System.Security.Cryptography.X509Certificates.X509Certificate2 old = workshop.Issue("mail.amd.test", DateTimeOffset.UtcNow.AddHours(-1)), other = workshop.Issue("mail.amd.test");
        string folder = Path.GetDirectoryName(Config)!;
        TlsWorkshop.Write(folder, "old", old);
        TlsWorkshop.Write(folder, "other", other);
        string text = File.ReadAllText(Config).Replace("starttls = \"hide\"", "starttls = \"terminate\"", StringComparison.Ordinal);
        File.WriteAllText(Config, text.Replace("# certificate_file = \"mail.pem\"", "certificate_file = \"old.pem\"", StringComparison.Ordinal).Replace("# key_file = \"mail.key\"", "key_file = \"other.key\"", StringComparison.Ordinal));
        Assert.Matches(@"\[tls\] key_file: .*other\.key: no private key for the first certificate", (await Run("config", "check")).Expect(78).Output);
        File.WriteAllText(Config, File.ReadAllText(Config).Replace("other.key", "old.key", StringComparison.Ordinal));
        Assert.Matches(@"\[tls\] certificate_file: .*old\.pem: the certificate expired on \d{4}-\d\d-\d\d; renew it", (await Run("config", "check")).Expect(1).Output);
    }

    [Fact]
    public async Task Config_check_tries_the_gateways_key_in_the_crypto_module()
    {
        await Init();
        File.AppendAllText(Config, "\n[module.fixture-crypto]\nbroken = true\n");
        CstpProgram.Result check = (await Run("config", "check")).Expect(1);
        Assert.Contains("self-test of the gateway's key with Aes256Gcm: what was signed does not verify", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_check_names_a_store_that_cannot_be_opened()
    {
        await Init();
        File.WriteAllText(_folder["box/store.key"], "another\n");
        Assert.Contains("this is not the passphrase of", (await Run("config", "check")).Expect(78).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugins_list_tells_name_contract_path_digest_modules_and_problem()
    {
        await Init();
        CstpProgram.Result list = (await Run("plugins", "list", "--json")).Expect(0);
        JsonElement[] plugins = [.. list.Json.EnumerateArray()];
        JsonElement selected = plugins.Single(plugin => plugin.GetProperty("name").GetString() == "fixture-crypto");
        Assert.Equal(["name", "contract", "path", "sha256", "provides", "selected", "problem"], selected.EnumerateObject().Select(property => property.Name));
        Assert.Equal((1, Path.Combine(Fixtures, "fixture-crypto", "fixture-crypto.dll"), "crypto", true, JsonValueKind.Null),
            (selected.GetProperty("contract").GetInt32(), selected.GetProperty("path").GetString(), selected.GetProperty("provides")[0].GetString(),
            selected.GetProperty("selected").GetBoolean(), selected.GetProperty("problem").ValueKind));
        JsonElement future = plugins.Single(plugin => plugin.GetProperty("name").GetString() == "fixture-future");
        Assert.False(future.GetProperty("selected").GetBoolean());
        Assert.StartsWith("built for contract 99", future.GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_selected_plugin_that_is_not_there_ends_with_78_and_says_what_there_is()
    {
        await Init();
        File.WriteAllText(Config, File.ReadAllText(Config).Replace("fixture-json13", "policy-acme", StringComparison.Ordinal));
        foreach (string[] command in new string[][] { ["plugins", "list"], ["config", "check"] })
        {
            CstpProgram.Result result = (await Run(command)).Expect(78);
            Assert.Contains("module 'policy-acme' is not there", result.Output + result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ed25519")]
    [InlineData("mldsa65")]
    public async Task Certificates_go_from_box_to_box_and_are_judged(string key)
    {
        await Init("--key", key);
        string pem = (await Run("certs", "export", "gateway")).Expect(0).Output;
        Assert.Equal(2, CertificateFile.Read(System.Text.Encoding.ASCII.GetBytes(pem)).Count);
        _folder.Write("gateway.pem", pem);
        (await CstpProgram.RunAsync("init", _folder["other"], "--domain", "usi.test")).Expect(0);
        SelectFixtures("other");
        Task<CstpProgram.Result> Other(params string[] args) => CstpProgram.RunAsync([.. args, "--config", _folder["other/cstp.toml"]]);

        (await Other("certs", "import", _folder["gateway.pem"], "--gateway", "amd.test")).Expect(0);
        JsonElement[] listed = [.. (await Other("certs", "list", "--json")).Expect(0).Json.EnumerateArray()];
        Assert.Equal(2, listed.Length);
        Assert.All(listed, one => Assert.Equal(("gateway", "amd.test", "trusted"), (one.GetProperty("role").GetString(), one.GetProperty("subject").GetString(), one.GetProperty("state").GetString())));
        string fingerprint = listed[0].GetProperty("fingerprint").GetString()!;
        Assert.Contains("revoked", (await Other("certs", "distrust", fingerprint[..12])).Expect(0).Output, StringComparison.Ordinal);
        JsonElement shown = (await Other("certs", "show", fingerprint[..12].ToUpperInvariant(), "--json")).Expect(0).Json;
        Assert.Equal("revoked", shown.GetProperty("entries")[0].GetProperty("state").GetString());
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", shown.GetProperty("pem").GetString(), StringComparison.Ordinal);
        (await Other("certs", "trust", fingerprint)).Expect(0);
        (await Other("certs", "remove", fingerprint)).Expect(0);
        Assert.Single((await Other("certs", "list", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Contains("no certificate's fingerprint begins", (await Other("certs", "remove", fingerprint)).Expect(64).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_says_for_whom_and_refuses_what_does_not_fit()
    {
        await Init();
        string user = _folder.Write("user.pem", CertificateFile.WritePem([TestCertificate.Of("mila@usi.test").Encoded]));
        string chain = _folder.Write("chain.pem", CertificateFile.WritePem([TestCertificate.Of("mila@usi.test").Encoded, TestCertificate.Authority("ca").Encoded]));
        (await Run("certs", "import", user)).Expect(64);
        Assert.Empty((await Run("certs", "pending", "--json")).Expect(0).Json.EnumerateArray());
        (await Run("certs", "import", user, "--ca", "--user", "mila@usi.test")).Expect(64);
        (await Run("certs", "import", user, "--user", "mila")).Expect(64);
        Assert.Contains("is no authority", (await Run("certs", "import", user, "--ca")).Expect(65).Error, StringComparison.Ordinal);
        (await Run("certs", "import", _folder.Write("garbage", "garbage"), "--ca")).Expect(65);
        (await Run("certs", "import", _folder["none"], "--ca")).Expect(74);
        Assert.Contains("1 authority certificates", (await Run("certs", "import", chain, "--user", "mila@usi.test", "--untrusted")).Expect(0).Error, StringComparison.Ordinal);
        Assert.Equal("untrusted", Assert.Single((await Run("certs", "list", "--json")).Json.EnumerateArray()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Keys_are_made_requested_exported_and_imported()
    {
        await Init();
        (await Run("keys", "new", "--user", "juro@amd.test", "--key", "p384")).Expect(0);
        Assert.Contains("no local user", (await Run("keys", "new", "--user", "x@usi.test")).Expect(64).Error, StringComparison.Ordinal);
        (await Run("keys", "new", "--user", "x@amd.test", "--key", "dsa")).Expect(64);
        JsonElement[] keys = [.. (await Run("keys", "list", "--json")).Expect(0).Json.EnumerateArray()];
        Assert.Equal(["gateway", "juro@amd.test"], keys.Select(key => key.GetProperty("owner").GetString()));
        string user = keys[1].GetProperty("fingerprint").GetString()!;
        Assert.StartsWith("-----BEGIN CERTIFICATE REQUEST-----", (await Run("keys", "csr", user)).Expect(0).Output, StringComparison.Ordinal);

        string password = _folder.Write("password", "secret\n");
        (await Run("keys", "export", user, "--out", _folder["juro.p12"])).Expect(64);
        (await Run("keys", "export", user, "--out", _folder["juro.p12"], "--password-file", password)).Expect(0);
        Assert.Equal("rw-------", Mode("juro.p12"));
        (await Run("keys", "export", user, "--out", _folder["juro.p12"], "--password-file", password)).Expect(74);

        (await CstpProgram.RunAsync("init", _folder["other"], "--domain", "amd.test")).Expect(0);
        SelectFixtures("other");
        string[] import = ["keys", "import", _folder["juro.p12"], "--user", "juro@amd.test", "--config", _folder["other/cstp.toml"]];
        Assert.Contains("password is wrong", (await CstpProgram.RunAsync(import)).Expect(65).Error, StringComparison.Ordinal);
        CstpProgram.Result imported = (await CstpProgram.RunAsync([.. import, "--password-file", password, "--json"])).Expect(0);
        JsonElement key = Assert.Single(imported.Json.EnumerateArray());
        Assert.Equal((user, true, true), (key.GetProperty("fingerprint").GetString(), key.GetProperty("signs").GetBoolean(), key.GetProperty("decrypts").GetBoolean()));
    }

    [Fact]
    public async Task An_address_beyond_ASCII_owns_keys_and_certificates()
    {
        await Init();
        (await Run("keys", "new", "--user", "j\u00fcrg@amd.test")).Expect(0);
        JsonElement[] keys = [.. (await Run("keys", "list", "--json")).Expect(0).Json.EnumerateArray()];
        Assert.Equal(["gateway", "j\u00fcrg@amd.test"], keys.Select(key => key.GetProperty("owner").GetString()));
        string pem = (await Run("certs", "export", keys[1].GetProperty("fingerprint").GetString()!)).Expect(0).Output;
        (await Run("certs", "import", _folder.Write("other.pem", pem), "--user", "\u4f8b@m\u00fcller.test")).Expect(0);
        Assert.Equal("\u4f8b@xn--mller-kva.test", Assert.Single((await Run("certs", "list", "--json")).Json.EnumerateArray()).GetProperty("subject").GetString());
        (await Run("certs", "import", _folder["other.pem"], "--user", "j\u202erg@amd.test")).Expect(64);
    }

    [Fact]
    public async Task The_certificate_that_an_authority_issued_joins_its_key()
    {
        await Init();
        (await Run("keys", "export", "gateway", "--out", _folder["gateway.pem"], "--format", "pem")).Expect(0);
        CmsIdentity own = Assert.Single(KeyFile.Read(File.ReadAllBytes(_folder["gateway.pem"]), null));
        TestCertificate issued = TestCertificate.Of("cstpbox@amd.test") with
        {
            Issuer = TestCertificate.Authority("ca"),
            ForcedKey = PrivateKeys.PublicKeyOf(((Pkcs8PrivateKey)own.PrivateKey).Der.Span),
            NotAfter = DateTimeOffset.UtcNow.AddYears(2),
            NotBefore = DateTimeOffset.UtcNow.AddDays(-1),
        };
        string file = _folder.Write("issued.pem", CertificateFile.WritePem([issued.Encoded]));
        (await Run("keys", "import", file, "--gateway")).Expect(0);
        Assert.Equal(CertificateFile.WritePem([issued.Encoded]), (await Run("certs", "export", "gateway")).Expect(0).Output);
        Assert.Equal(2, (await Run("keys", "list", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task T18_controls_in_a_certificate_are_escaped_on_the_terminal()
    {
        await Init();
        TestCertificate evil = TestCertificate.Of("mila@usi.test") with { Subject = "CN=\u001b[31mred\u202e" };
        (await Run("certs", "import", _folder.Write("evil.pem", CertificateFile.WritePem([evil.Encoded])), "--user", "mila@usi.test")).Expect(0);
        CstpProgram.Result shown = (await Run("certs", "show", evil.Encoded.Fingerprint)).Expect(0);
        Assert.Contains("\\u001b[31mred\\u202e", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown.Output + (await Run("certs", "list")).Output);
    }

    [Fact]
    public async Task The_configuration_is_found_by_option_environment_and_folder_in_this_order()
    {
        await Init();
        (await CstpProgram.RunAsync(start => start.WorkingDirectory = _folder["box"], "certs", "list")).Expect(0);
        (await CstpProgram.RunAsync(start => start.Environment["CSTP_CONFIG"] = Config, "certs", "list")).Expect(0);
        (await CstpProgram.RunAsync(start => { start.WorkingDirectory = _folder["box"]; start.Environment["CSTP_CONFIG"] = _folder["none.toml"]; }, "certs", "list")).Expect(78);
        CstpProgram.Result none = (await CstpProgram.RunAsync(start => start.WorkingDirectory = _folder.Root, "certs", "list")).Expect(78);
        Assert.Contains("cstp init", none.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("certs")]
    [InlineData("certs", "bogus")]
    [InlineData("init", "/tmp/x", "--domain", "a b")]
    [InlineData("init", "/tmp/x", "--domain", "\uff41md.test")]
    [InlineData("init", "/tmp/x", "--domain", "amd.test", "--inside-listen", "localhost")]
    [InlineData("completion", "tcsh")]
    public async Task A_wrong_command_line_is_64_with_words_on_stderr(params string[] args)
    {
        CstpProgram.Result result = (await CstpProgram.RunAsync(args)).Expect(64);
        Assert.Empty(result.Output);
        Assert.StartsWith("cstp: ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_completes_commands_by_asking_the_program()
    {
        Assert.Contains("[suggest:", (await CstpProgram.RunAsync("completion", "bash")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("certs", (await CstpProgram.RunAsync("[suggest:7]", "cstp ce")).Expect(0).Output.Trim());
    }

    private string Mode(string name) => ModePattern().Replace(File.GetUnixFileMode(_folder[name]).ToString(), "") switch
    {
        "UserWriteUserRead" or "UserReadUserWrite" => "rw-------",
        var other => other,
    };

    [GeneratedRegex("[, ]")]
    private static partial Regex ModePattern();
}

using Cstp.Host.Configuration;
using Cstp.Tests.Store;

namespace Cstp.Tests.Host;

/// <summary>A password for the relay in the configuration: what is refused before anything starts.</summary>
public sealed class RelayPasswordTests : IDisposable
{
    private const string Here = "127.0.0.1:25";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Here, "hide", "", null)]
    [InlineData("[::1]:25", "hide", "", null)]
    [InlineData("localhost:25", "hide", "", null)]
    [InlineData("relay.test:587", "hide", "", "a password goes to a relay in TLS alone, and the box speaks TLS with [smtp] starttls = \"terminate\" alone")]
    [InlineData("relay.test:587", "pass", "", "a password goes to a relay in TLS alone")]
    [InlineData("relay.test:587", "terminate", "", null)]
    [InlineData("relay:587", "terminate", "", "a password goes to a verified relay alone, and nothing says how to verify this one")]
    [InlineData("192.0.2.25:587", "terminate", "", "a password goes to a verified relay alone")]
    [InlineData("192.0.2.25:587", "terminate", "address = \"192.0.2.26\"\nname = \"relay.test\"", "a password goes to a verified relay alone")]
    [InlineData("192.0.2.25:587", "terminate", "address = \"192.0.2.25\"\nverify = \"pin\"", "a password goes to a verified relay alone")]
    [InlineData("192.0.2.25:587", "terminate", "address = \"192.0.2.25\"\nname = \"relay.test\"", null)]
    [InlineData("192.0.2.25:587", "terminate", "address = \"192.0.2.0/24\"\npins = [\"0000000000000000000000000000000000000000000000000000000000000000\"]", null)]
    [InlineData("relay:587", "terminate", "address = \"192.0.2.25\"\nname = \"relay.test\"", null)]
    public void It_is_for_TLS_that_can_be_verified_or_for_this_machine(string server, string starttls, string destination, string? told)
    {
        WritePassword("secret\n");
        string text = Mistakes(server, "relay.password", $"""
            [smtp]
            starttls = "{starttls}"
            [tls]
            client = "none"
            {(destination.Length > 0 ? "[[tls.destinations]]" : "")}
            {destination}
            """);
        if (told is null)
            Assert.Empty(text);
        else
            Assert.Contains($"cstp.toml:10: [relay] user: {told}", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, UnixFileMode.None, "password file not found. Name the right one in [relay] password_file.")]
    [InlineData("secret", UnixFileMode.GroupRead, "others than its owner may use this password file. Run: chmod 600")]
    [InlineData("\n", UnixFileMode.None, "password file is empty")]
    [InlineData("sec\0ret", UnixFileMode.None, "a password has no NUL")]
    public void What_is_wrong_with_its_file_is_told_and_never_what_is_in_it(string? content, UnixFileMode more, string told)
    {
        if (content is not null)
            WritePassword(content, more);
        string text = Mistakes(Here, "relay.password");
        Assert.Contains($"cstp.toml:11: [relay] password_file: {_folder["relay.password"]}: {told}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("sec", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("credential:relay", "credential:relay")]
    [InlineData("secrets/relay", null)]
    public void A_credential_of_systemd_is_no_path(string file, string? expected) =>
        Assert.Equal(expected ?? _folder[file], Read(Here, file).Settings.Relay.PasswordFile);

    private string Mistakes(string server, string file, string more = "")
    {
        LoadedConfiguration read = Read(server, file, more);
        read.CheckFiles(DateTimeOffset.UtcNow);
        return string.Join('\n', read.Mistakes.Lines);
    }

    private LoadedConfiguration Read(string server, string file, string more = "") => LoadedConfiguration.Read(_folder.Write("cstp.toml", ConfigurationTests.Least + $"""
            [relay]
            server = "{server}"
            user = "box"
            password_file = "{file}"
            {more}
            """));

    private void WritePassword(string content, UnixFileMode more = UnixFileMode.None) =>
        File.SetUnixFileMode(_folder.Write("relay.password", content), UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
}

using Cstp.Abstractions;
using Cstp.Core;
using Cstp.Core.Smtp;
using Cstp.Core.Store;
using Cstp.Core.Tls;

namespace Cstp.Host.Configuration;

/// <summary>A configuration file that was read: its settings with absolute paths, and its mistakes.</summary>
internal sealed class LoadedConfiguration
{
    private const string ModuleSection = "module";

    private readonly TomlNode.Table _root;
    private readonly SettingsBinder _binder;

    private LoadedConfiguration(string file, string text)
    {
        File = file;
        Mistakes = new Mistakes(file);
        _binder = new SettingsBinder(Mistakes);
        _root = TomlFile.Read(text, Mistakes);
        Settings = Absolute(Mistakes.Count > 0 ? Empty() : Bind());
        if (!Directory.Exists(Settings.Spool.Folder))
            Mistakes.Add(LineOf("spool", "folder"), "spool", "folder", $"{Settings.Spool.Folder} is not there; make it or name another");
    }

    /// <summary>The file's absolute path.</summary>
    public string File { get; }

    /// <summary>The settings; defaults where there are mistakes.</summary>
    public CstpSettings Settings { get; }

    /// <summary>What is wrong.</summary>
    public Mistakes Mistakes { get; }

    /// <summary>The sections of modules.</summary>
    public IEnumerable<string> ModuleSections => ModuleTables.Keys;

    /// <summary>Where plugins are looked for: the product's own folder first.</summary>
    public IReadOnlyList<string> PluginFolders => [ProductPlugins, .. Settings.Plugins.Folders];

    /// <summary>The plugins folder of the product.</summary>
    public static string ProductPlugins { get; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    private Dictionary<string, TomlNode> ModuleTables => _root.Items.GetValueOrDefault(ModuleSection) is TomlNode.Table modules ? modules.Items : [];

    /// <summary>Reads a file.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="ConfigurationException">It cannot be read at all.</exception>
    public static LoadedConfiguration Read(string file)
    {
        string full = Path.GetFullPath(file);
        try
        {
            return new(full, System.IO.File.ReadAllText(full));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"{full}: configuration cannot be read ({unreadable.Message}). Name another with --config or make one with 'cstp init'."]);
        }
    }

    /// <summary>Fills the settings of a module; mistakes go to the others.</summary>
    /// <param name="module">The plugin's name.</param>
    /// <param name="type">The class that holds them, or null.</param>
    public object? ModuleSettings(string module, Type? type)
    {
        TomlNode node = ModuleTables.GetValueOrDefault(module) ?? new TomlNode.Table(1, []);
        string section = $"{ModuleSection}.{module}";
        if (node is not TomlNode.Table table)
        {
            Mistakes.Add(node.Line, section, null, $"must be a section, not {node.Description}");
            return null;
        }
        if (type is null)
        {
            _binder.RefuseKeys(table, section);
            return null;
        }
        int before = Mistakes.Count;
        object filled = _binder.Bind(type, table, section);
        return Mistakes.Count == before ? filled : null;
    }

    /// <summary>Looks at the files of <c>[relay]</c> and <c>[tls]</c>, where they are used; mistakes go to the others.</summary>
    /// <param name="now">The time.</param>
    /// <returns>What needs mending and stops nothing.</returns>
    public IReadOnlyList<string> CheckFiles(DateTimeOffset now)
    {
        if (Mistakes.Count > 0)
            return [];
        CheckRelay();
        return Settings.Smtp.Starttls == StartTlsHandling.Terminate ? CheckTls(now) : [];
    }

    private void CheckRelay()
    {
        const string Section = "relay";
        if (Settings.Relay is not { User: not null, PasswordFile: { } file, Server: { } server } || !RelayServer.TryParse(server, out RelayServer? relay))
            return;
        string? unsafely = relay.IsLoopback ? null
            : Settings.Smtp.Starttls != StartTlsHandling.Terminate ? "a password goes to a relay in TLS alone, and the box speaks TLS with [smtp] starttls = \"terminate\" alone; set that, or take a relay on this machine"
            : !Settings.Tls.CanVerifyForPassword(relay.Host) ? "a password goes to a verified relay alone, and nothing says how to verify this one; write its full host name in server, or give its address name or pins in [[tls.destinations]]"
            : null;
        if (unsafely is not null)
            Mistakes.Add(LineOf(Section, "user"), Section, "user", unsafely);
        try
        {
            if (SecretFile.RelayPassword.Read(file).Contains('\0', StringComparison.Ordinal))
                Mistakes.Add(LineOf(Section, "password_file"), Section, "password_file", $"{file}: a password has no NUL; write it as text");
        }
        catch (StoreException unusable)
        {
            Mistakes.Add(LineOf(Section, "password_file"), Section, "password_file", unusable.Message);
        }
    }

    private IReadOnlyList<string> CheckTls(DateTimeOffset now)
    {
        const string Section = "tls";
        var findings = new List<(string Key, string Problem)>();
        foreach ((string key, string problem) in TlsFiles.Problems(Settings.Tls, now, findings))
            Mistakes.Add(LineOf(Section, key), Section, key, problem);
        return [.. findings.Select(finding => $"{File}:{LineOf(Section, finding.Key)}: [{Section}] {finding.Key}: {finding.Problem}")];
    }

    private CstpSettings Bind()
    {
        var settings = Empty();
        Dictionary<string, System.Reflection.PropertyInfo> sections = typeof(CstpSettings).GetProperties().ToDictionary(property => SettingNames.Key(property.Name));
        foreach ((string name, TomlNode node) in _root.Items)
        {
            if (name == ModuleSection && node is TomlNode.Table)
                continue;
            if (!sections.ContainsKey(name))
                Mistakes.Add(node.Line, "", node is TomlNode.Table ? $"[{name}]" : name, $"unknown section; {NearestWord.Hint(name, [.. sections.Keys, $"{ModuleSection}.NAME"])}");
            else if (node is not TomlNode.Table)
                Mistakes.Add(node.Line, "", name, $"must be a section [{name}], not {node.Description}");
        }
        foreach ((string name, System.Reflection.PropertyInfo section) in sections)
        {
            TomlNode.Table table = _root.Items.GetValueOrDefault(name) as TomlNode.Table ?? new TomlNode.Table(1, []);
            section.SetValue(settings, _binder.Bind(section.PropertyType, table, name));
        }
        CheckBox(settings);
        foreach (IGrouping<string, string> twice in settings.Modules.Interceptors.GroupBy(name => name).Where(names => names.Count() > 1))
            Mistakes.Add(LineOf("modules", "interceptors"), "modules", "interceptors", $"'{twice.Key}' is named twice; an interceptor is asked once");
        return Mistakes.Count > 0 ? settings : InALabels(settings);
    }

    /// <summary>Rules that need the file's grammar of mail rather than a range.</summary>
    private void CheckBox(CstpSettings settings)
    {
        if (settings.Box.Name is { } name && !Mailbox.TryParse(name, out _))
            Mistakes.Add(LineOf("box", "name"), "box", "name", $"'{name}' is no mail address; write the one that stands in the gateway certificate, like \"cstpbox@example.com\"");
        if (settings.Box.Domains is { } domains)
        {
            if (domains.Count == 0)
                Mistakes.Add(LineOf("box", "domains"), "box", "domains", "must hold at least one domain");
            foreach (string problem in domains.Select(DomainSetting.Problem).OfType<string>())
                Mistakes.Add(LineOf("box", "domains"), "box", "domains", problem);
        }
        if (settings.Box.AuthservId is { } id && DomainSetting.Problem(id) is { } unfit)
            Mistakes.Add(LineOf("box", "authserv_id"), "box", "authserv_id", $"{unfit}, one that no server behind the box uses");
    }

    private int LineOf(string section, string key) =>
        _root.Items.GetValueOrDefault(section) is TomlNode.Table table && table.Items.TryGetValue(key, out TomlNode? node) ? node.Line : 1;

    private static CstpSettings Empty() => new()
    {
        Box = new() { Name = "", Domains = [] },
        Modules = new() { Crypto = "", Policy = "", Network = "" },
    };

    /// <summary>Domains in the spelling that is compared and sent.</summary>
    private static CstpSettings InALabels(CstpSettings settings) => settings with
    {
        Box = settings.Box with
        {
            Name = Mailbox.Parse(settings.Box.Name).ToString(),
            Domains = [.. settings.Box.Domains.Select(DomainSetting.ToAscii)],
            AuthservId = settings.Box.AuthservId is { } id ? DomainSetting.ToAscii(id) : null,
        },
        Relay = settings.Relay with { Hello = settings.Relay.Hello is { } hello ? DomainSetting.ToAscii(hello) : null },
    };

    private CstpSettings Absolute(CstpSettings settings)
    {
        string folder = Path.GetDirectoryName(File)!;
        string Rooted(string path) => Path.GetFullPath(path, folder);
        string Secret(string source) => SecretFile.IsCredential(source) ? source : Rooted(source);
        string? Optional(string? path) => path is null ? null : Rooted(path);
        string store = Path.GetDirectoryName(Rooted(settings.Store.File))!;
        return settings with
        {
            Tls = settings.Tls with
            {
                CertificateFile = Optional(settings.Tls.CertificateFile),
                KeyFile = Optional(settings.Tls.KeyFile),
                KeyPassphraseFile = Optional(settings.Tls.KeyPassphraseFile),
                AuthorityCertificateFile = Rooted(settings.Tls.AuthorityCertificateFile ?? Path.Combine(store, TlsFiles.AuthorityCertificate)),
                AuthorityKeyFile = Rooted(settings.Tls.AuthorityKeyFile ?? Path.Combine(store, TlsFiles.AuthorityKey)),
                AnchorsFile = Optional(settings.Tls.AnchorsFile),
            },
            Store = settings.Store with
            {
                File = Rooted(settings.Store.File),
                PassphraseFile = Secret(settings.Store.PassphraseFile),
            },
            Relay = settings.Relay with { PasswordFile = settings.Relay.PasswordFile is { } password ? Secret(password) : null },
            Plugins = settings.Plugins with { Folders = [.. settings.Plugins.Folders.Select(Rooted)] },
            Spool = settings.Spool with { Folder = Rooted(settings.Spool.Folder) },
        };
    }
}

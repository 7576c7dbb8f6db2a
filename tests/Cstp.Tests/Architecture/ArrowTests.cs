using System.Text.RegularExpressions;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Cstp.Abstractions;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Cstp.Tests.Architecture;

/// <summary>Who may know whom. The stations of a message's way, in order: Smtp with Tls at its ends, Securing, Smime, then Mime and Trust; the store keeps what Trust thinks in, and the ledger of deliveries.</summary>
public sealed class ArrowTests
{
    private const string Libraries = @"^(Org\.BouncyCastle|MimeKit|MimeKitLite|Microsoft\.AspNetCore|Microsoft\.Data|Dapper|DbUp|DnsClient|Tomlyn|Spectre|System\.CommandLine)(\.|$)";

    private static readonly Assembly s_abstractions = typeof(ICmsEnveloper).Assembly;
    private static readonly Assembly s_core = typeof(Core.Box).Assembly;
    private static readonly Assembly s_host = Assembly.Load("cstp");

    private static readonly Assembly[] s_plugins =
    [
        typeof(CryptoBouncyCastle.BouncyCastleEnveloper).Assembly,
        typeof(CryptoOpenSslInterop.OpenSslEnveloper).Assembly,
        typeof(PolicyLiberal.LiberalPolicy).Assembly,
        typeof(PolicyRestrictive.RestrictivePolicy).Assembly,
        typeof(NetsetupExplicit.ExplicitNetwork).Assembly,
        typeof(NetsetupLinux.LinuxNetwork).Assembly,
        typeof(GuardConnections.ConnectionGuard).Assembly,
    ];

    private static readonly ArchUnitNET.Domain.Architecture s_architecture = new ArchLoader().LoadAssemblies([s_abstractions, s_core, .. s_plugins]).Build();

    [Fact]
    public void Abstractions_know_the_runtime_and_the_abstractions_of_Microsoft_Extensions_alone() =>
        Assert.All(References(s_abstractions), name => Assert.Matches(@"^(System(\..+)?|netstandard|Microsoft\.Extensions\..+\.Abstractions)$", name));

    [Fact]
    public void No_contract_names_a_type_of_a_library()
    {
        Assert.All(s_abstractions.GetExportedTypes(), type => Assert.DoesNotMatch("(?i)bouncycastle|mimekit|openssl|kestrel", type.FullName!));
        Types().That().ResideInAssembly(s_abstractions).Should().NotDependOnAny(Named(Libraries)).WithoutRequiringPositiveResults().Check(s_architecture);
    }

    [Fact]
    public void Core_and_host_reference_no_plugin()
    {
        string[] plugins = [.. s_plugins.Select(p => p.GetName().Name!)];
        Assert.Empty(References(s_core).Intersect(plugins));
        Assert.Empty(References(s_host).Intersect(plugins));
        Assert.DoesNotContain("cstp", References(s_core));
    }

    [Fact]
    public void No_plugins_name_occurs_in_the_core()
    {
        string core = Path.Combine(Root(), "core", "Cstp.Core");
        foreach (string file in Directory.EnumerateFiles(core, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)))
        {
            Assert.False(
                Regex.IsMatch(File.ReadAllText(file), @"\b(crypto-(bouncycastle|opensslinterop)|policy-(liberal|restrictive)|netsetup-[a-z]+|guard-[a-z]+)\b"),
                $"{file} names a plugin");
        }
    }

    [Fact]
    public void Plugins_reference_neither_core_nor_each_other()
    {
        string[] forbidden = [s_core.GetName().Name!, "cstp", .. s_plugins.Select(p => p.GetName().Name!)];
        Assert.All(s_plugins, plugin => Assert.Empty(References(plugin).Intersect(forbidden)));
    }

    [Fact]
    public void No_project_of_a_plugin_refers_to_another_than_the_contracts()
    {
        foreach (string project in Directory.EnumerateFiles(Path.Combine(Root(), "plugins"), "*.csproj", SearchOption.AllDirectories))
        {
            foreach (Match reference in Regex.Matches(File.ReadAllText(project), "<ProjectReference Include=\"([^\"]+)\""))
                Assert.EndsWith("Cstp.Abstractions.csproj", reference.Groups[1].Value, StringComparison.Ordinal);
        }
    }

    [Theory]
    // Securing hands Smtp streams and decisions: no session knows what S/MIME is.
    [InlineData("Smtp", "Smime|Trust|Store|Plugins")]
    [InlineData("Tls", "Smtp|Securing|Smime|Mime|Trust|Ledger|Store|Plugins|Diagnostics")]
    [InlineData("Securing", "Smtp|Tls|Ledger|Store|Plugins")]
    [InlineData("Smime", "Smtp|Tls|Ledger|Store|Plugins|Diagnostics")]
    [InlineData("Mime", "Smtp|Tls|Securing|Smime|Trust|Ledger|Store|Plugins|Diagnostics")]
    [InlineData("Trust", "Smtp|Tls|Securing|Smime|Mime|Ledger|Store|Plugins")]
    [InlineData("Ledger", "Smtp|Tls|Securing|Smime|Mime|Trust|Plugins|Diagnostics")]
    [InlineData("Store", "Smtp|Tls|Securing|Smime|Mime|Ledger|Plugins")]
    [InlineData("Plugins", "Smtp|Tls|Securing|Smime|Mime|Trust|Ledger|Store")]
    [InlineData("Diagnostics", "Smtp|Tls|Securing|Smime|Mime|Trust|Ledger|Store|Plugins")]
    public void A_station_knows_only_those_behind_it(string station, string unknown)
    {
        Assert.NotEmpty(In(station).GetObjects(s_architecture));
        Types().That().Are(In(station)).Should().NotDependOnAny(Types().That().ResideInNamespaceMatching($@"^Cstp\.Core\.({unknown})(\.|$)")).Check(s_architecture);
    }

    [Fact]
    public void Smime_knows_of_Securing_its_settings_alone()
    {
        string[] settings = ["SecuringOptions", "UnauthenticatedContent"];
        IEnumerable<string> known = In("Smime").GetObjects(s_architecture)
            .SelectMany(t => t.Dependencies)
            .Select(d => d.Target)
            .Where(t => t.Namespace.FullName == "Cstp.Core.Securing")
            .Select(t => t.Name)
            .Distinct();
        Assert.Empty(known.Except(settings));
    }

    [Theory]
    [InlineData("Smtp", @"^(Org\.BouncyCastle|MimeKit|Microsoft\.Data|Dapper|DnsClient|System\.Security\.Cryptography)(\.|$)")]
    [InlineData("Tls", @"^(Org\.BouncyCastle|MimeKit|Microsoft\.Data|Dapper|Microsoft\.AspNetCore)(\.|$)")]
    [InlineData("Securing", @"^(Org\.BouncyCastle|Microsoft\.Data|Dapper|Microsoft\.AspNetCore)(\.|$)")]
    [InlineData("Mime", @"^(Org\.BouncyCastle|Microsoft\.Data|Dapper|Microsoft\.AspNetCore)(\.|$)")]
    [InlineData("Smime", @"^(Org\.BouncyCastle|Microsoft\.Data|Dapper|Microsoft\.AspNetCore)(\.|$)")]
    [InlineData("Trust", @"^(Microsoft\.Data|Dapper|Microsoft\.AspNetCore)(\.|$)")]
    public void A_station_uses_no_library_of_anothers_trade(string station, string libraries) =>
        Types().That().Are(In(station)).Should().NotDependOnAny(Named(libraries)).WithoutRequiringPositiveResults().Check(s_architecture);

    [Fact]
    public void An_arrow_against_the_order_would_be_seen()
    {
        Assert.False(Types().That().Are(In("Smtp")).Should().NotDependOnAny(In("Securing")).HasNoViolations(s_architecture));
        Assert.False(Types().That().Are(In("Trust")).Should().NotDependOnAny(Named(@"^Org\.BouncyCastle(\.|$)")).HasNoViolations(s_architecture));
        Assert.False(Types().That().Are(In("Mime")).Should().NotDependOnAny(Named(@"^MimeKit(\.|$)")).HasNoViolations(s_architecture));
    }

    private static GivenTypesConjunction In(string station) => Types().That().ResideInNamespaceMatching($@"^Cstp\.Core\.{station}(\.|$)");

    private static GivenTypesConjunction Named(string @namespace) => Types(includeReferenced: true).That().ResideInNamespaceMatching(@namespace);

    private static IEnumerable<string> References(Assembly assembly) => assembly.GetReferencedAssemblies().Select(r => r.Name!);

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Cstp.Modular.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException("the tests run outside of the checkout");
    }
}

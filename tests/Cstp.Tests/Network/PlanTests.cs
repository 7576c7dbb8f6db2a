using System.Runtime.CompilerServices;
using Cstp.NetsetupLinux;
using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Plans;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.Tests.Network;

/// <summary>Plans as text: the files beside this one are what an administrator would read. <c>CSTP_TEST_WRITE=1</c> writes them anew.</summary>
public sealed class PlanTests
{
    public static TheoryData<string> Names => [.. s_settings.Keys];

    private static readonly Dictionary<string, LinuxSettings> s_settings = new()
    {
        ["ip-closed"] = Machine.Settings(NetworkKind.Ip, settings => settings.Gateway = ["192.0.2.1"]),
        ["ip-dhcp-open"] = Machine.Settings(NetworkKind.Ip, settings => (settings.Address, settings.Failure, settings.Ports) = (["dhcp"], FailureBehaviour.Open, [587, 25])),
        ["transparent-closed"] = Machine.Settings(NetworkKind.Transparent, settings => settings.Exclude = ["198.51.100.0/24", "2001:db8:1::/48"]),
        ["transparent-vlans"] = Machine.Settings(NetworkKind.Transparent, settings => (settings.Inside, settings.Vlans) = (["eth0", "52:54:00:00:00:03"], [20, 10])),
        ["routed-closed"] = Machine.Settings(NetworkKind.Routed),
        ["routed-open"] = Machine.Settings(NetworkKind.Routed, settings => settings.Failure = FailureBehaviour.Open),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void What_up_does_is_this(string name)
    {
        Wire wire = Machine.Wire(s_settings[name]);
        HostFacts facts = Machine.Fresh(wire) with { DhcpClient = "udhcpc" };
        AssertFile(name, new UpPlan(wire, facts, null).Make(Machine.PidFile).Script(name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_as_it_shall_be_needs_nothing_and_what_was_there_before_stays_recorded(string name)
    {
        Wire wire = Machine.Wire(s_settings[name]);
        NetworkRecord first = new UpPlan(wire, Machine.Fresh(wire), null).Record;
        var again = new UpPlan(wire, Machine.Made(wire), first);
        Assert.Equal([], again.Make(Machine.PidFile).Steps.Select(step => step.Script));
        Assert.Equal(first.Sysctls, again.Record.Sysctls);
        Assert.Equal(first.Ports, again.Record.Ports);
    }

    [Theory]
    [InlineData("transparent-vlans")]
    [InlineData("routed-open")]
    [InlineData("ip-dhcp-open")]
    public void What_down_does_is_this(string name)
    {
        Wire wire = Machine.Wire(s_settings[name]);
        NetworkRecord record = new UpPlan(wire, Machine.Fresh(wire) with { DhcpClient = "udhcpc" }, null).Record;
        AssertFile($"{name}-down", DownPlan.Make(record, Machine.Made(wire), Machine.PidFile).Script($"{name}, down"));
    }

    [Fact]
    public void Down_on_a_machine_without_anything_of_ours_does_nothing()
    {
        LinuxSettings settings = Machine.Settings(NetworkKind.Transparent);
        Wire wire = Machine.Wire(settings);
        Assert.Empty(DownPlan.Make(new UpPlan(wire, Machine.Fresh(wire), null).Record, Machine.Fresh(wire), Machine.PidFile).Steps);
        Assert.Empty(DownPlan.Make(DownPlan.Recognise(settings), Machine.Fresh(wire), Machine.PidFile).Steps);
    }

    [Fact]
    public void Without_a_record_down_takes_back_all_but_kernel_settings_and_leaves_what_is_others()
    {
        LinuxSettings settings = Machine.Settings(NetworkKind.Transparent);
        string script = DownPlan.Make(DownPlan.Recognise(settings), Machine.Made(Machine.Wire(settings)), Machine.PidFile).Script("down");
        Assert.Contains("ip link del dev cstp0", script, StringComparison.Ordinal);
        Assert.Contains("delete table bridge cstp\ndelete table inet cstp\ndelete table netdev cstp", script, StringComparison.Ordinal);
        Assert.DoesNotContain("firewall", script, StringComparison.Ordinal);
        Assert.DoesNotContain("32000", script, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_table_brings_all_rules_back_and_other_rules_replace_them()
    {
        Wire wire = Machine.Wire(s_settings["transparent-closed"]);
        NetworkRecord record = new UpPlan(wire, Machine.Fresh(wire), null).Record;
        HostFacts flushed = Machine.Made(wire) with { Tables = new HashSet<string> { "bridge cstp" } };
        Assert.Equal("nft", Assert.IsType<ProgramStep>(Assert.Single(new UpPlan(wire, flushed, record).Make(Machine.PidFile).Steps)).Program);
        Assert.Equal("nft", Assert.IsType<ProgramStep>(Assert.Single(new UpPlan(wire with { SmtpPorts = [26] }, Machine.Made(wire), record).Make(Machine.PidFile).Steps)).Program);
    }

    [Fact]
    public void Dhcp_without_a_client_says_what_to_install()
    {
        Wire wire = Machine.Wire(s_settings["ip-dhcp-open"]);
        Assert.Contains("apt install", Assert.Throws<IOException>(() => new UpPlan(wire, Machine.Fresh(wire), null).Make(Machine.PidFile)).Message, StringComparison.Ordinal);
    }

    private static void AssertFile(string name, string script, [CallerFilePath] string source = "")
    {
        string file = Path.Combine(Path.GetDirectoryName(source)!, "plans", $"{name}.sh");
        if (Environment.GetEnvironmentVariable("CSTP_TEST_WRITE") == "1")
            File.WriteAllText(file, script);
        Assert.Equal(File.ReadAllText(file), script, ignoreLineEndingDifferences: false);
    }
}

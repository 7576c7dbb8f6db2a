using System.Net.Sockets;
using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests;

/// <summary>Packets that are easily forgotten.</summary>
public sealed class PathTests(LabNetwork lab)
{
    [Fact]
    public async Task A_small_MTU_behind_the_router_is_found_without_its_messages_reaching_the_box()
    {
        await LabNetwork.RunAsync("ip", "4");
        await LabNetwork.ExecAsync("router", "ip", "link", "set", "dev", "mulholland", "mtu", "1280");
        try
        {
            Letter letter = Letter.Write("fedor@mulholland", 2000);
            await LabNetwork.SubmitAsync("amd", letter.Text, "juro@amd", "fedor@mulholland");
            letter.AssertOctetsIn(Assert.Single(await LabNetwork.MailboxAsync("mulholland", "fedor", 1, letter.Secret)));
            await lab.Captures["amd/eth0"].AssertSeesAsync("icmp.type == 3 and icmp.code == 4");
        }
        finally
        {
            await LabNetwork.ExecAsync("router", "ip", "link", "set", "dev", "mulholland", "mtu", "1500");
        }
    }

    [Theory]
    [InlineData(25)]
    [InlineData(10025)]
    [InlineData(10026)]
    public async Task T14_the_boxs_own_address_takes_no_mail(int port)
    {
        SocketException refused = await Assert.ThrowsAnyAsync<SocketException>(async () => (await Conversation.OpenAsync("amd", "10.25.1.9", port)).Dispose());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task A_source_address_that_an_excluded_network_holds_speaks_to_the_server_itself()
    {
        await LabNetwork.RunAsync("cstp", "box-intel", "net", "up");
        await ExcludeAsync("\"10.25.3.0/24\"");
        try
        {
            long before = await CountedAsync("let by, of excluded networks");
            using Conversation direct = await Conversation.BeginAsync("mulholland", "10.25.2.2", "juro@amd", "julia@intel");
            await direct.AskAsync("QUIT", "221");
            Assert.True(await CountedAsync("let by, of excluded networks") > before);
        }
        finally
        {
            await ExcludeAsync("");
        }
    }

    [Theory]
    [InlineData("tagged, not SMTP", "81 00 00 0a 08 00", 8080, true)]
    [InlineData("tagged SMTP in a VLAN that nobody named", "81 00 00 0a 08 00", 25, false)]
    [InlineData("LLDP", "88 cc", 0, true)]
    [InlineData("802.1X", "88 8e", 0, true)]
    [InlineData("LACP", "88 09", 0, true)]
    public async Task Frames_of_other_kinds_pass_or_are_stopped(string what, string type, int port, bool passes)
    {
        string destination = type switch { "88 cc" => "01 80 c2 00 00 0e", "88 8e" => "01 80 c2 00 00 03", "88 09" => "01 80 c2 00 00 02", _ => "02 bb 00 00 00 04" };
        string marker = Guid.NewGuid().ToString("n");
        // IPv4 from 10.25.2.2 to 10.25.2.1, TCP SYN from port 40000; sums are of no matter to a bridge.
        string packet = port == 0 ? "" : $"45 00 00 48 00 01 00 00 40 06 00 00 0a 19 02 02 0a 19 02 01 9c 40 {port >> 8:x2} {port & 255:x2} 00 00 00 01 00 00 00 00 50 02 ff ff 00 00 00 00";
        string frame = $"{destination} 02 aa 00 00 00 03 {type} {packet} {Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(marker))}";
        await LabNetwork.ExecAsync("intel", "python3", "-c", $"import socket; s = socket.socket(17, 3); s.bind(('eth0', 0)); s.send(bytes.fromhex('{frame}').ljust(60, b'\\0'))");
        TestContext.Current.TestOutputHelper!.WriteLine(what);
        await lab.Captures["intel/eth0"].AssertSeesAsync($"frame contains \"{marker}\"");
        // Frames stay in order: what comes after it tells that it will not.
        string after = Guid.NewGuid().ToString("n");
        await LabNetwork.ExecAsync("intel", "python3", "-c", $"import socket; s = socket.socket(17, 3); s.bind(('eth0', 0)); s.send(bytes.fromhex('02bb0000000402aa0000000388b5') + b'{after}'.ljust(60, b'\\0'))");
        await lab.Captures["router/intel"].AssertSeesAsync($"frame contains \"{after}\"");
        if (passes)
            await lab.Captures["router/intel"].AssertSeesAsync($"frame contains \"{marker}\"");
        else
            await lab.Captures["router/intel"].AssertNeverSeesAsync($"frame contains \"{marker}\"");
    }

    [Fact]
    public async Task A_fragment_with_the_ports_never_comes_to_the_server()
    {
        // The first fragment of a SYN to port 25, and the second: alone it opens nothing.
        foreach ((string flags, string octets) in new[] { ("20 00", "9c 41 00 19 00 00 00 01"), ("00 01", "00 00 00 00 50 02 ff ff 00 00 00 00") })
        {
            int length = 20 + octets.Split(' ').Length;
            string frame = $"02 aa 00 00 00 03 02 bb 00 00 00 04 08 00 45 00 {length >> 8:x2} {length & 255:x2} be ef {flags} 40 06 00 00 0a 19 03 02 0a 19 02 02 {octets}";
            await LabNetwork.ExecAsync("router", "python3", "-c", $"import socket; s = socket.socket(17, 3); s.bind(('intel', 0)); s.send(bytes.fromhex('{frame}').ljust(60, b'\\0'))");
        }
        await lab.Captures["router/intel"].AssertSeesAsync("ip.id == 0xbeef", 2);
        await lab.Captures["intel/eth0"].AssertSeesAsync("ip.id == 0xbeef and ip.frag_offset > 0");
        await lab.Captures["intel/eth0"].AssertNeverSeesAsync("ip.id == 0xbeef and ip.frag_offset == 0");
    }

    private static async Task ExcludeAsync(string networks)
    {
        await LabNetwork.ConfigureAsync("box-intel", "exclude", $"[{networks}]");
        await LabNetwork.RunAsync("cstp", "box-intel", "net", "up");
    }

    private static async Task<long> CountedAsync(string meaning)
    {
        string line = (await LabNetwork.RunAsync("cstp", "box-intel", "net", "status")).Split('\n').First(line => line.StartsWith($"packets {meaning}", StringComparison.Ordinal));
        return long.Parse(line.TrimEnd().Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }
}

namespace Cstp.NetsetupLinux.Plans;

/// <summary>The system's DHCP client, whichever it is.</summary>
internal static class DhcpSteps
{
    private const string Why = "the box's own address, by DHCP";

    /// <summary>Starts it; it stays in the background, with or without a lease.</summary>
    /// <param name="client">Its name, or null.</param>
    /// <param name="device">The device.</param>
    /// <param name="pidFile">Where its process id shall stand.</param>
    /// <exception cref="IOException">There is none.</exception>
    public static PlanStep Start(string? client, string device, string pidFile) => Shell(client switch
    {
        "dhcpcd" => $"dhcpcd -b -q {device} && dhcpcd -P {device} | xargs cat > {pidFile}",
        "dhclient" => $"dhclient -nw -pf {pidFile} -lf {pidFile}.lease {device}",
        "udhcpc" => $"udhcpc -b -R -i {device} -p {pidFile}",
        _ => throw new IOException("address = [\"dhcp\"], but this system has no DHCP client. Install one: apt install dhcpcd-base"),
    });

    /// <summary>Ends it and gives the lease back.</summary>
    /// <param name="client">Its name.</param>
    /// <param name="device">The device.</param>
    /// <param name="pidFile">Where its process id stands.</param>
    public static PlanStep Stop(string client, string device, string pidFile) => Shell(client switch
    {
        "dhcpcd" => $"dhcpcd -k {device}; rm -f {pidFile}",
        "dhclient" => $"dhclient -r -pf {pidFile} -lf {pidFile}.lease {device}; rm -f {pidFile} {pidFile}.lease",
        _ => $"test ! -e {pidFile} || kill $(cat {pidFile}); rm -f {pidFile}",
    });

    /// <summary>A daemon would keep our pipes open.</summary>
    private static ProgramStep Shell(string line) => new(Why, "sh", ["-c", $"({line}) </dev/null >/dev/null 2>&1"]);
}

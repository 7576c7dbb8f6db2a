namespace Cstp.NetsetupLinux.Plans;

/// <summary>The system's DHCP client, whichever it is.</summary>
internal static class DhcpSteps
{
    private const string Why = "the box's own address, by DHCP";

    /// <summary>Starts it; it stays in the background, with or without a lease.</summary>
    /// <param name="client">Its name, or null.</param>
    /// <param name="device">The device.</param>
    /// <param name="pidFile">Where its process id shall stand.</param>
    /// <param name="routing">
    /// What sends the box's packets out by the device. The kernel forgets it with the device's last address, which clients take
    /// away before they give it a new one: it is done again after each of their steps.
    /// </param>
    /// <exception cref="IOException">There is none.</exception>
    public static IEnumerable<PlanStep> Start(string? client, string device, string pidFile, IEnumerable<PlanStep> routing)
    {
        string script = Script(pidFile);
        (string line, string theirs) = client switch
        {
            "dhcpcd" => ($"dhcpcd -b -q -c {script} {device} && dhcpcd -P {device} | xargs cat > {pidFile}", "/lib/dhcpcd/dhcpcd-run-hooks /usr/lib/dhcpcd/dhcpcd-run-hooks /usr/libexec/dhcpcd-run-hooks"),
            "dhclient" => ($"dhclient -nw -sf {script} -pf {pidFile} -lf {pidFile}.lease {device}", "/sbin/dhclient-script /usr/sbin/dhclient-script"),
            "udhcpc" => ($"udhcpc -b -R -i {device} -p {pidFile} -s {script}", "/etc/udhcpc/default.script /usr/share/udhcpc/default.script"),
            _ => throw new IOException("address = [\"dhcp\"], but this system has no DHCP client. Install one: apt install dhcpcd-base"),
        };
        yield return new ProgramStep(Why, "sh", ["-c", $"umask 022; cat > {script}; chmod 755 {script}"], $$"""
            #!/bin/sh
            # What the DHCP client calls: the system's own script, then what the kernel forgets with the last address.
            status=1
            for script in {{theirs}}; do
              if [ -x $script ]; then $script "$@"; status=$?; break; fi
            done
            {{string.Join('\n', routing.Select(step => step.Script))}}
            exit $status

            """);
        yield return Shell(line);
    }

    /// <summary>Ends it and gives the lease back.</summary>
    /// <param name="client">Its name.</param>
    /// <param name="device">The device.</param>
    /// <param name="pidFile">Where its process id stands.</param>
    public static PlanStep Stop(string client, string device, string pidFile)
    {
        string script = Script(pidFile);
        return Shell(client switch
        {
            "dhcpcd" => $"dhcpcd -k {device}; rm -f {pidFile} {script}",
            "dhclient" => $"dhclient -r -sf {script} -pf {pidFile} -lf {pidFile}.lease {device}; rm -f {pidFile} {pidFile}.lease {script}",
            _ => $"test ! -e {pidFile} || kill $(cat {pidFile}); rm -f {pidFile} {script}",
        });
    }

    private static string Script(string pidFile) => pidFile + "-script";

    /// <summary>A daemon would keep our pipes open.</summary>
    private static ProgramStep Shell(string line) => new(Why, "sh", ["-c", $"({line}) </dev/null >/dev/null 2>&1"]);
}

using Cstp.NetsetupLinux.Host;
using Cstp.NetsetupLinux.Plans;
using Cstp.NetsetupLinux.Wiring;

namespace Cstp.NetsetupLinux;

/// <summary>Brings the network up and takes it down again.</summary>
/// <param name="settings">The settings.</param>
internal sealed class Arrangement(LinuxSettings settings)
{
    private string PidFile => settings.State + ".dhcp";

    /// <summary>The wire that the settings mean on this machine.</summary>
    /// <param name="cancel">Ends the look.</param>
    /// <exception cref="IOException">It cannot be; all that is wrong is told.</exception>
    public async Task<Wire> WireAsync(CancellationToken cancel) => Resolve(await FactsReader.LinksAsync(cancel));

    /// <summary>What <see cref="UpAsync"/> would do.</summary>
    /// <param name="cancel">Ends the look.</param>
    public async Task<string> ScriptAsync(CancellationToken cancel)
    {
        (Plan up, Plan? before, _) = await PlanAsync(cancel);
        string script = up.Script($"what 'cstp net up' does: mode {settings.Mode.ToString().ToLowerInvariant()}, failure {settings.Failure.ToString().ToLowerInvariant()}");
        return before is null ? script : before.Script("first, what was made with other settings is taken back") + script;
    }

    /// <summary>Whether nothing is missing.</summary>
    /// <param name="cancel">Ends the look.</param>
    public async Task<bool> IsUpAsync(CancellationToken cancel)
    {
        (Plan up, Plan? before, _) = await PlanAsync(cancel);
        return before is null && up.Steps.Count == 0;
    }

    /// <summary>Makes what is missing.</summary>
    /// <param name="cancel">Ends the attempt.</param>
    public async Task UpAsync(CancellationToken cancel)
    {
        (Plan up, Plan? before, NetworkRecord record) = await PlanAsync(cancel);
        if (before is not null)
        {
            await DownAsync(cancel);
            (up, _, record) = await PlanAsync(cancel);
        }
        if (up.Steps.Count == 0)
            return;
        try
        {
            record.Write(settings.State);
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException($"{settings.State} cannot be written: {denied.Message} Run 'cstp net up' as root first, or let state in [module.netsetup-linux] name another file.", denied);
        }
        await up.RunAsync(cancel);
    }

    /// <summary>Makes again what the kernel forgets with a device's last address.</summary>
    /// <param name="cancel">Ends the attempt.</param>
    public async Task RestoreWayOutAsync(CancellationToken cancel) => await UpPlan.WayOut(await WireAsync(cancel)).RunAsync(cancel);

    /// <summary>Takes everything back.</summary>
    /// <param name="cancel">Ends the attempt.</param>
    public async Task DownAsync(CancellationToken cancel)
    {
        NetworkRecord record = NetworkRecord.Read(settings.State) ?? DownPlan.Recognise(settings);
        await (await PlanDownAsync(record, await FactsReader.LinksAsync(cancel), cancel)).RunAsync(cancel);
        record.Remove(settings.State);
    }

    private Wire Resolve(IReadOnlyList<LinkFacts> links) =>
        WireResolution.TryResolve(settings, links, out IReadOnlyList<string> problems) ?? throw new IOException(string.Join('\n', problems));

    private async Task<(Plan Up, Plan? Before, NetworkRecord Record)> PlanAsync(CancellationToken cancel)
    {
        NetworkRecord? record = NetworkRecord.Read(settings.State);
        IReadOnlyList<LinkFacts> links = await FactsReader.LinksAsync(cancel);
        Wire wire = Resolve(links);
        HostFacts facts = await FactsReader.ReadAsync(links, Tables(settings.Table, 1 + wire.Links.Count), KernelSettings.Paths(wire), PidFile, cancel);
        if (wire.IsBridge && facts.Sysctls.GetValueOrDefault(KernelSettings.ReversePathAll, "0") != "0")
            throw new IOException(ReversePath);
        var plan = new UpPlan(wire, facts, record);
        return record is not null && record.Structure != plan.Structure
            ? (new UpPlan(wire, facts, null).Make(PidFile), await PlanDownAsync(record, links, cancel), plan.Record)
            : (plan.Make(PidFile), null, plan.Record);
    }

    /// <summary>What is wrong where the reverse-path filter is on for all interfaces.</summary>
    public const string ReversePath =
        "net.ipv4.conf.all.rp_filter is not 0: the kernel would drop SMTP on the bridge, where addresses come from both sides. Set it to 0 (sysctl -w net.ipv4.conf.all.rp_filter=0, and in /etc/sysctl.d) and filter by interface instead.";

    private async Task<Plan> PlanDownAsync(NetworkRecord record, IReadOnlyList<LinkFacts> links, CancellationToken cancel)
    {
        HostFacts facts = await FactsReader.ReadAsync(links, Tables(record.FirstTable, record.TableCount), record.Sysctls.Keys, PidFile, cancel);
        return DownPlan.Make(record, facts, PidFile);
    }

    private static IReadOnlyCollection<int> Tables(int first, int count) => [.. Enumerable.Range(first, count)];
}

using System.Diagnostics;
using System.Globalization;

namespace Cstp.EndToEnd.Harness;

/// <summary>A Postfix with configuration, queue and log of its own, on loopback only. Needs root.</summary>
internal sealed class PostfixInstance : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new TemporaryFolder().ForAll();

    private PostfixInstance(string domain) => Domain = domain;

    public string Domain { get; }

    public int Port { get; } = FreePort.Next();

    /// <summary>Takes mail past the filter.</summary>
    public int FilteredPort { get; } = FreePort.Next();

    /// <summary>What it logged.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    /// <summary>Whether a message waits or is on its way.</summary>
    public bool HasQueuedMail => new[] { "maildrop", "incoming", "active", "deferred" }.Any(
        name => Directory.Exists(_folder.Of("queue", name)) && Directory.EnumerateFiles(_folder.Of("queue", name), "*", SearchOption.AllDirectories).Any());

    /// <summary>The process that started all others. It holds a lock on this file that .NET's own ways to read would respect.</summary>
    public async Task<int> MasterProcessIdAsync() => int.Parse(await Harness.Command.RunAsync("cat", _folder.Of("queue", "pid", "master.pid")), CultureInfo.InvariantCulture);

    private string LogFile => _folder.Of("log");

    private string Inbox => _folder.Of("mail", "new");

    /// <summary>Starts it.</summary>
    /// <param name="domain">Mail for this domain is stored.</param>
    /// <param name="relayPort">Where all other mail goes, on loopback.</param>
    /// <param name="filter">A program that gets each message, sender and recipient first, and gives it back to <see cref="FilteredPort"/>; null for none.</param>
    /// <param name="settings">Further lines of main.cf; the last of a name counts.</param>
    public static async Task<PostfixInstance> StartAsync(string domain, int relayPort, string? filter = null, string settings = "")
    {
        var postfix = new PostfixInstance(domain);
        try
        {
            postfix.Configure(relayPort, filter, settings);
            await postfix.ControlAsync("start");
            await SmtpSink.ListeningAsync(postfix.Port, TimeSpan.FromSeconds(20));
            return postfix;
        }
        catch
        {
            await postfix.DisposeAsync();
            throw;
        }
    }

    /// <summary>The stored messages, as Postfix wrote them: lines ending in LF, its own fields first.</summary>
    /// <param name="count">So many are waited for.</param>
    public async Task<IReadOnlyList<string>> StoredAsync(int count)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60);)
        {
            if (Directory.Exists(Inbox) && Directory.GetFiles(Inbox).Length >= count)
                break;
            await Task.Delay(50);
        }
        return Directory.Exists(Inbox) ? [.. Directory.GetFiles(Inbox).Select(File.ReadAllText)] : [];
    }

    /// <summary>Waits until the log tells something.</summary>
    public async Task<bool> LoggedAsync(string words)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30);)
        {
            if (Log.Contains(words, StringComparison.Ordinal))
                return true;
            await Task.Delay(50);
        }
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        // Refused where it did not come to a start.
        await ControlAsync("abort", mustSucceed: false);
        _folder.Dispose();
    }

    private async Task ControlAsync(string what, bool mustSucceed = true)
    {
        // The daemon keeps the descriptors it was started with: a pipe would never end.
        Command done = await Harness.Command.TryAsync(
            TimeSpan.FromSeconds(30), "sh", "-c", $"postfix -c '{_folder.Of("etc")}' {what} >'{_folder.Of(what)}' 2>&1 </dev/null");
        if (done.Status != 0 && mustSucceed)
            throw new InvalidOperationException($"postfix {what}: status {done.Status}\n{await File.ReadAllTextAsync(_folder.Of(what))}\n{Log}");
    }

    private void Configure(int relayPort, string? filter, string settings)
    {
        foreach (string folder in new[] { "etc", "queue", "data", "mail" })
            Directory.CreateDirectory(_folder.Of(folder));
        Chown("postfix", "data");
        Chown("nobody", "mail");
        File.WriteAllText(_folder.Of("etc", "main.cf"), $"""
            compatibility_level = 3.6
            queue_directory = {_folder.Of("queue")}
            data_directory = {_folder.Of("data")}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            meta_directory = /etc/postfix
            mail_owner = postfix
            setgid_group = postdrop
            maillog_file = {LogFile}
            maillog_file_prefixes = {_folder.Path}
            myhostname = mail.{Domain}
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mynetworks = 127.0.0.0/8
            mydestination =
            alias_maps =
            virtual_mailbox_domains = {Domain}
            virtual_mailbox_base = {_folder.Path}
            virtual_mailbox_maps = inline:{"{"} anna@{Domain}=mail/, juro@{Domain}=mail/ {"}"}
            virtual_uid_maps = static:65534
            virtual_gid_maps = static:65534
            relayhost = [127.0.0.1]:{relayPort.ToString(CultureInfo.InvariantCulture)}
            relay_domains =
            smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
            smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject
            smtp_tls_security_level = may
            minimal_backoff_time = 1s
            maximal_backoff_time = 2s
            queue_run_delay = 1s
            {settings}

            """);
        File.WriteAllText(_folder.Of("etc", "master.cf"), $"""
            127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd{(filter is null ? "" : " -o content_filter=filter:")}
            pickup unix n - n 60 1 pickup
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            smtp unix - - n - - smtp
            relay unix - - n - - smtp
            error unix - - n - - error
            retry unix - - n - - error
            discard unix - - n - - discard
            virtual unix - n n - - virtual
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            tlsmgr unix - - n 1000? 1 tlsmgr
            postlog unix-dgram n - n - 1 postlogd
            {(filter is null ? "" : Filter(filter))}

            """);
    }

    private string Filter(string program) => $$"""
        filter unix - n n - 4 pipe user=nobody argv={{program}} ${sender} ${recipient}
        127.0.0.1:{{FilteredPort.ToString(CultureInfo.InvariantCulture)}} inet n - n - - smtpd
        """;

    private void Chown(string user, string folder)
    {
        using Process done = Process.Start("chown", [user, _folder.Of(folder)]);
        done.WaitForExit();
    }
}

using System.Diagnostics;
using System.Globalization;
using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>What one does without CSTP: Postfix with a content filter, a shell script that calls <c>openssl cms</c> twice and gives the message back by SMTP.</summary>
internal sealed class FilteringPostfix : Peer
{
    private readonly PostfixInstance _postfix;
    private readonly TemporaryFolder _folder;

    private FilteringPostfix(PostfixInstance postfix, int processId, TemporaryFolder folder)
    {
        ProcessId = processId;
        _postfix = postfix;
        _folder = folder;
    }

    public override int Port => _postfix.Port;

    protected override int ProcessId { get; }

    /// <summary>Starts it.</summary>
    /// <param name="server">Port of the server behind it.</param>
    /// <param name="sender">Key and certificate that sign.</param>
    /// <param name="recipient">The certificate that is encrypted to.</param>
    public static async Task<Peer> StartAsync(int server, KeyFiles sender, string recipient)
    {
        TemporaryFolder folder = new TemporaryFolder().ForAll();
        string filter = folder.Of("filter");
        PostfixInstance postfix = await PostfixInstance.StartAsync("amd.test", server, filter);
        foreach ((string from, string to) in new[] { (sender.Key, "key.pem"), (sender.Certificate, "certificate.pem"), (recipient, "recipient.pem") })
            File.Copy(from, folder.Of(to));
        await Command.RunAsync("chown", "-R", "nobody", folder.Path);
        await File.WriteAllTextAsync(filter, string.Create(CultureInfo.InvariantCulture, $"""
            #!/bin/sh
            cd {folder.Path} || exit 75
            secured=$(mktemp) || exit 75
            openssl cms -sign -binary -nodetach -signer certificate.pem -inkey key.pem |
              openssl cms -encrypt -binary -aes-256-cbc -from "$1" -to "$2" recipient.pem >"$secured" &&
              {Command.Find("smtp-source")} -F "$secured" -f "$1" -t "$2" 127.0.0.1:{postfix.FilteredPort}
            status=$?
            rm -f "$secured"
            [ $status -eq 0 ] || exit 75

            """));
        File.SetUnixFileMode(filter, (UnixFileMode)0b111_101_101);
        return new FilteringPostfix(postfix, await postfix.MasterProcessIdAsync(), folder);
    }

    /// <summary>Postfix accepts first and works then: until its queue is empty.</summary>
    public override async Task SettleAsync()
    {
        for (long start = Stopwatch.GetTimestamp(); _postfix.HasQueuedMail; await Task.Delay(50))
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
                throw new TimeoutException($"the filtered messages do not leave Postfix\n{_postfix.Log[^Math.Min(2000, _postfix.Log.Length)..]}");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _postfix.DisposeAsync();
        _folder.Dispose();
    }
}

using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Smtp;
using Cstp.Core.Trust;

namespace Cstp.Tests.EndToEnd;

/// <summary>amd.test and intel.test: what leaves the first box from inside is on the wire, and arrives behind the second.</summary>
internal sealed class TwoBoxes : IAsyncDisposable
{
    public TwoBoxes(IRecipientPolicy? policy = null, SecuringOptions? securing = null, SmtpOptions? smtp = null, KeyKind key = KeyKind.P256, SpoolOptions? spool = null, ICmsEnveloper? amdCrypto = null, ICmsEnveloper? intelCrypto = null)
    {
        Intel = new TestBox("intel.test", Wire.Port, IntelServer.Port, policy, securing, smtp, spool, key: key, crypto: intelCrypto);
        Amd = new TestBox("amd.test", Wire.Port, AmdServer.Port, policy, securing, smtp, spool, key: key, crypto: amdCrypto);
        Amd.TrustGateway(Intel);
        Intel.TrustGateway(Amd);
    }

    /// <summary>Stands for the wire: what the boxes send to the outside is recorded here.</summary>
    public RecordingServer Wire { get; } = new();

    public RecordingServer IntelServer { get; } = new();

    public RecordingServer AmdServer { get; } = new();

    public TestBox Amd { get; }

    public TestBox Intel { get; }

    /// <summary>From inside of amd to the wire.</summary>
    public async Task<IReadOnlyList<RecordedMessage>> SecureAsync(byte[] content, string from, params string[] to)
    {
        using var client = new RawClient(Amd.InsidePort);
        await client.BeginAsync(from, to);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendMessageAsync(content));
        await client.AskAsync("QUIT");
        var messages = new List<RecordedMessage>();
        while (Wire.Messages.TryDequeue(out RecordedMessage? message))
            messages.Add(message);
        return messages;
    }

    /// <summary>From the wire to behind intel.</summary>
    public async Task<RecordedMessage> OpenAsync(byte[] content, string from, params string[] to)
    {
        using var client = new RawClient(Intel.OutsidePort);
        await client.BeginAsync(from, to);
        Assert.Equal("250 2.0.0 Ok: queued", await client.SendMessageAsync(content));
        await client.AskAsync("QUIT");
        Assert.True(IntelServer.Messages.TryDequeue(out RecordedMessage? message));
        return message;
    }

    /// <summary>The whole way.</summary>
    public async Task<(RecordedMessage Wire, RecordedMessage Arrived)> PassAsync(byte[] content, string from = "juro@amd.test", string to = "anna@intel.test")
    {
        RecordedMessage wire = Assert.Single(await SecureAsync(content, from, to));
        return (wire, await OpenAsync(wire.Content, from, to));
    }

    public Task<(RecordedMessage Wire, RecordedMessage Arrived)> PassAsync(string content) => PassAsync(Encoding.Latin1.GetBytes(content));

    public async ValueTask DisposeAsync()
    {
        await Amd.DisposeAsync();
        await Intel.DisposeAsync();
        await Wire.DisposeAsync();
        await IntelServer.DisposeAsync();
        await AmdServer.DisposeAsync();
    }
}

using System.Net.Sockets;
using System.Text;

namespace Cstp.EndToEnd.Crash;

/// <summary>A client with one message, that falls when the scene says so.</summary>
/// <param name="scene">What happens.</param>
internal sealed class FragileClient(Scene scene)
{
    private readonly List<string> _replies = [];

    /// <summary>Whether it was told that the message is accepted.</summary>
    public bool IsTold { get; private set; }

    /// <summary>All replies.</summary>
    public IReadOnlyList<string> Replies => _replies;

    /// <summary>Runs the transaction to its end, whatever that is.</summary>
    public async Task SendAsync(int port, string letter)
    {
        try
        {
            using var client = new RawClient(port);
            if (await ConverseAsync(client, letter))
                client.Reset();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The box fell.
        }
    }

    private async Task<bool> ConverseAsync(RawClient client, string letter)
    {
        foreach ((ProtocolState state, string? command, char expected) in new (ProtocolState, string?, char)[]
        {
            (ProtocolState.Banner, null, '2'),
            (ProtocolState.Ehlo, "EHLO client.amd.test", '2'),
            (ProtocolState.Mail, "MAIL FROM:<juro@amd.test>", '2'),
            (ProtocolState.Rcpt, "RCPT TO:<anna@intel.test>", '2'),
            (ProtocolState.Data, "DATA", '3'),
        })
        {
            if (command is not null)
                await client.SendAsync(command + "\r\n");
            if (await FallsAsync(state, Moment.Early))
                return true;
            if (!await HeardAsync(client, expected))
                return false;
            if (await FallsAsync(state, Moment.Late))
                return true;
        }

        byte[] wire = RawClient.Stuff(Encoding.Latin1.GetBytes(letter));
        await client.SendAsync(wire.AsMemory(0, 1000));
        if (await FallsAsync(ProtocolState.Content, Moment.Early))
            return true;
        await client.SendAsync(wire.AsMemory(1000, wire.Length - 2000));
        if (await FallsAsync(ProtocolState.Content, Moment.Late))
            return true;
        await client.SendAsync(wire.AsMemory(wire.Length - 1000));
        if (await FallsAsync(ProtocolState.BeforeDot, Moment.Early))
            return true;
        await client.SendAsync(".");
        if (await FallsAsync(ProtocolState.BeforeDot, Moment.Late))
            return true;
        await client.SendAsync("\r\n");
        if (await FallsAsync(ProtocolState.AfterDot, Moment.Early) || await FallsAsync(ProtocolState.AfterDot, Moment.Late))
            return true;
        if (!await HeardAsync(client, '2'))
            return false;
        IsTold = true;
        await client.SendAsync("QUIT\r\n");
        return await FallsAsync(ProtocolState.Quit, Moment.Early)
            || (await HeardAsync(client, '2') && await FallsAsync(ProtocolState.Quit, Moment.Late));
    }

    private async Task<bool> HeardAsync(RawClient client, char expected)
    {
        string? reply = await client.ReadReplyAsync();
        if (reply is not null)
            _replies.Add(reply);
        return reply is not null && reply[0] == expected;
    }

    private Task<bool> FallsAsync(ProtocolState state, Moment moment) => scene.FallsAsync(Witness.Client, state, moment);
}

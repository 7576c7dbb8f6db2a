using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests.Tls;

/// <summary>What becomes of a session under each pair of policies.</summary>
[Collection(typeof(OneTlsLab))]
public sealed class PolicyTests(LabNetwork lab, TlsLab tls)
{
    /// <summary>Whatever the policies: behind a server without TLS nobody is offered any.</summary>
    private const string NeverOffered = TlsClient.NotOffered;

    /// <summary>Each client sends from each side to a server with TLS and to one without, at the same time.</summary>
    /// <param name="client">The policy towards clients.</param>
    /// <param name="server">The policy towards servers.</param>
    /// <param name="fromClear">What a client without TLS hears of a server with TLS, and how the message goes on the client's and on the server's leg.</param>
    /// <param name="toClear">The same of a server without TLS.</param>
    /// <param name="inTls">The same of a client that insists on TLS and a server that has it.</param>
    [Theory]
    [InlineData("none", "none", "250 2.0.0 clear clear", "250 2.0.0 clear clear", "not offered")]
    [InlineData("none", "opportunistic", "250 2.0.0 clear tls", "250 2.0.0 clear clear", "not offered")]
    [InlineData("none", "required", "250 2.0.0 clear tls", "451 4.7.5", "not offered")]
    [InlineData("opportunistic", "none", "250 2.0.0 clear clear", "250 2.0.0 clear clear", "not offered")]
    [InlineData("opportunistic", "opportunistic", "250 2.0.0 clear tls", "250 2.0.0 clear clear", "250 2.0.0 tls tls")]
    [InlineData("opportunistic", "required", "250 2.0.0 clear tls", "451 4.7.5", "250 2.0.0 tls tls")]
    [InlineData("required", "none", "451 4.7.5", "451 4.7.5", "not offered")]
    [InlineData("required", "opportunistic", "530 5.7.0", "451 4.7.5", "250 2.0.0 tls tls")]
    [InlineData("required", "required", "530 5.7.0", "451 4.7.5", "250 2.0.0 tls tls")]
    public async Task Postfix_swaks_and_openssl_get_on_each_leg_what_the_policies_say(string client, string server, string fromClear, string toClear, string inTls)
    {
        await tls.ConfigureAsync(_ => $"client = \"{client}\"\nserver = \"{server}\"");
        var watch = new WireWatch(lab);
        Row[] rows = [.. TlsSide.Both.SelectMany(side => new[]
        {
            Send(side, "swaks in clear", true, fromClear, letter => TlsClient.SwaksAsync(side, true, false, letter)),
            Send(side, "swaks in clear", false, toClear, letter => TlsClient.SwaksAsync(side, false, false, letter)),
            Send(side, "swaks in TLS", true, inTls, letter => TlsClient.SwaksAsync(side, true, true, letter)),
            Send(side, "swaks in TLS", false, NeverOffered, letter => TlsClient.SwaksAsync(side, false, true, letter)),
            Send(side, "openssl, TLS 1.2", true, inTls, letter => TlsClient.OpenSslAsync(side, true, "1.2", tls.AuthorityOf(side), null, letter)),
            Send(side, "openssl, TLS 1.2", false, NeverOffered, letter => TlsClient.OpenSslAsync(side, false, "1.2", tls.AuthorityOf(side), null, letter)),
            Send(side, "openssl, TLS 1.3", true, inTls, letter => TlsClient.OpenSslAsync(side, true, "1.3", tls.AuthorityOf(side), "mx.partner.test", letter)),
            Send(side, "openssl, TLS 1.3", false, NeverOffered, letter => TlsClient.OpenSslAsync(side, false, "1.3", tls.AuthorityOf(side), "mx.partner.test", letter)),
            Send(side, "openssl, another authority", true, inTls == NeverOffered ? NeverOffered : TlsClient.NotTrusted, letter => TlsClient.OpenSslAsync(side, true, "1.3", tls.AuthorityOf(TlsSide.Both.Single(other => other != side)), null, letter)),
            Send(side, "Postfix, TLS if offered", true, inTls == NeverOffered ? fromClear : inTls, letter => TlsClient.PostfixAsync(side, letter)),
        })];
        string[] replies = await Task.WhenAll(rows.Select(row => row.Reply));
        await watch.EndAsync();
        var found = new List<string>();
        foreach ((Row row, string reply) in rows.Zip(replies))
            found.Add(row.Describe($"{reply}{await WayAsync(row, reply, watch)}"));
        Assert.Equal(rows.Select(row => row.Describe(row.Expected)), found);
    }

    private static Row Send(TlsSide side, string client, bool serverHasTls, string expected, Func<Letter, Task<string>> send)
    {
        Letter letter = Letter.Write(side.Recipient);
        return new(side, client, serverHasTls, expected, letter, send(letter));
    }

    /// <summary>How a message went on each leg, by the frames and by what the server wrote into it; nothing where none was sent.</summary>
    private static async Task<string> WayAsync(Row row, string reply, WireWatch watch)
    {
        bool isSent = reply.StartsWith("250", StringComparison.Ordinal);
        IReadOnlyList<string> stored = await row.Side.StoredAsync(isSent ? 1 : 0, row.Letter.Secret);
        bool isOnClientLeg = watch.Saw(row.Side.ClientWire, row.Letter.Secret), isOnServerLeg = watch.Saw(row.Side.ServerWire, row.Letter.Secret);
        if (!isSent)
            return isOnClientLeg || isOnServerLeg ? " and the message is on the wire" : "";
        row.Letter.AssertOctetsIn(stored[0]);
        // What was written by the server that stored it comes first.
        bool serverTellsTls = stored[0].Split("Received: ")[1].Contains("(using TLSv1.3 ", StringComparison.Ordinal);
        return $" {(isOnClientLeg ? "clear" : "tls")} {(isOnServerLeg ? "clear" : "tls")}{(serverTellsTls == isOnServerLeg ? ", of which the server tells otherwise" : "")}";
    }

    private sealed record Row(TlsSide Side, string Client, bool ServerHasTls, string Expected, Letter Letter, Task<string> Reply)
    {
        public string Describe(string outcome) => $"{Client} at {Side.Client}, {Side.Server} {(ServerHasTls ? "with" : "without")} TLS: {outcome}";
    }
}

using Cstp.Lab.Tests.Lab;

namespace Cstp.Lab.Tests.Tls;

/// <summary>The certificates of the servers behind both boxes, judged by pkix, pin and dane, each with the right one and with another.</summary>
[Collection(typeof(OneTlsLab))]
public sealed class VerificationTests(LabNetwork lab, TlsLab tls)
{
    private const string Delivered = "250 2.0.0 Ok", Refusal = "451 4.7.5 No mail without the TLS that is required towards this server: ";

    /// <summary>What is asked for by the server's address, or by the domain of the recipient; what a client hears where the server's TLS is required, and where it is opportunistic.</summary>
    private static readonly Case[] s_cases =
    [
        new("pkix, name and anchor are right", "a", null, Delivered, Delivered),
        new("pkix, another name", "b", null, $"{Refusal}its certificate is not for other.test", Delivered),
        new("pkix, another authority", "c", null, $"{Refusal}no path to a trust anchor", Delivered),
        new("pin, the key is right", "d", null, Delivered, Delivered),
        new("pin, another key", "e", null, $"{Refusal}its key is not a pinned one", Delivered),
        new("dane, the key is right", null, "good.test", Delivered, Delivered),
        new("dane, the authority is right", null, "authority.test", Delivered, Delivered),
        new("dane, another key", null, "wrong.test", $"{Refusal}the certificate is not the one that TLSA records of mx.wrong.test name", $"{Refusal}the certificate is not the one that TLSA records of mx.wrong.test name"),
        new("dane, the zone is not signed", null, "insecure.test", $"{Refusal}DNSSEC secures no TLSA records of this server", Delivered),
        new("dane, the signatures do not hold", null, "bogus.test", $"{Refusal}the resolver answers ServerFailure", $"{Refusal}the resolver answers ServerFailure"),
    ];

    [Theory]
    [InlineData("required")]
    [InlineData("opportunistic")]
    public async Task Mail_flows_in_TLS_to_the_server_that_was_meant_and_to_another_only_where_the_policy_takes_any(string policy)
    {
        await tls.ConfigureAsync(side => $"""
            server = "{policy}"
            verify = "dane"
            anchors_file = "{tls.Anchors}"
            resolver = "{tls.ResolverOf(side)}"
            {Destination(side, "a", "pkix", $"name = \"{side.ServerName}\"")}
            {Destination(side, "b", "pkix", "name = \"other.test\"")}
            {Destination(side, "c", "pkix", $"name = \"{side.StrangerName}\"")}
            {Destination(side, "d", "pin", $"pins = [\"{tls.PinOf(side)}\"]")}
            {Destination(side, "e", "pin", $"pins = [\"{new string('0', 64)}\"]")}
            """);
        var watch = new WireWatch(lab);
        (TlsSide Side, Case Case, Letter Letter)[] rows = [.. TlsSide.Both.SelectMany(side => s_cases.Select(one => (side, one, Letter.Write(side.Recipient))))];
        string[] replies = await Task.WhenAll(rows.Select(row => SendAsync(row.Side, row.Case, row.Letter)));
        await watch.EndAsync();
        foreach (((TlsSide side, Case one, Letter letter), string reply) in rows.Zip(replies))
        {
            string expected = policy == "required" ? one.Required : one.Opportunistic, what = $"{one.What}, through {side.Box}: ";
            Assert.StartsWith(what + expected, what + reply, StringComparison.Ordinal);
            bool isDelivered = expected == Delivered;
            IReadOnlyList<string> stored = await side.StoredAsync(isDelivered ? 1 : 0, letter.Secret);
            Assert.All(stored, message => Assert.Contains("(using TLSv1.3 ", message.Split("Received: ")[1], StringComparison.Ordinal));
            Assert.Equal(isDelivered, watch.Saw(side.ClientWire, letter.Secret));
            Assert.False(watch.Saw(side.ServerWire, letter.Secret), what + "in clear to the server");
        }
    }

    private static string Destination(TlsSide side, string last, string verify, string more) => $"[[tls.destinations]]\naddress = \"{side.FurtherAddress(last)}\"\nverify = \"{verify}\"\n{more}";

    /// <summary>Sends in clear, as far as the box lets it.</summary>
    /// <returns>The deciding reply.</returns>
    private static async Task<string> SendAsync(TlsSide side, Case one, Letter letter)
    {
        using Conversation client = await Conversation.OpenAsync(side.Client, one.Address is { } last ? side.FurtherAddress(last) : side.ServerAddress);
        string? reply = await client.ReadAsync();
        string recipient = one.Domain is null ? side.Recipient : $"anybody@{one.Domain}";
        foreach (string command in new[] { $"EHLO {side.Client}", $"MAIL FROM:<{side.Sender}>", $"RCPT TO:<{recipient}>", "DATA", letter.Text.Replace("\n.", "\n..", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal) + "." })
        {
            if (reply is not ['2' or '3', ..])
                break;
            await client.SendAsync(command + "\r\n");
            reply = await client.ReadAsync();
        }
        return reply ?? "the connection ended";
    }

    private sealed record Case(string What, string? Address, string? Domain, string Required, string Opportunistic);
}

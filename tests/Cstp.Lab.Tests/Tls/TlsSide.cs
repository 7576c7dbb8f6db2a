namespace Cstp.Lab.Tests.Tls;

/// <summary>From where sessions come to a box: a client before it, a server behind it, and the wires at both ends.</summary>
/// <param name="Box">The box between.</param>
/// <param name="Client">The client's host.</param>
/// <param name="ClientNet">The number of its network.</param>
/// <param name="Server">The server's host.</param>
/// <param name="ServerNet">The number of its network.</param>
/// <param name="Sender">A mailbox at the client.</param>
/// <param name="Recipient">A mailbox at the server; its mail passes the box unaltered.</param>
/// <param name="ClientWire">The capture between client and box.</param>
/// <param name="ServerWire">The capture between box and server.</param>
internal sealed record TlsSide(string Box, string Client, int ClientNet, string Server, int ServerNet, string Sender, string Recipient, string ClientWire, string ServerWire)
{
    /// <summary>From amd's users through the box with an address.</summary>
    public static readonly TlsSide Inside = new("box-amd", "amd", 1, "mulholland", 3, "juro@amd", "fedor@mulholland", "amd/eth0", "router/amd");

    /// <summary>From mulholland to intel's server, through the transparent box.</summary>
    public static readonly TlsSide Outside = new("box-intel", "mulholland", 3, "intel", 2, "fedor@mulholland", "julia@intel", "router/intel", "intel/eth0");

    public static readonly TlsSide[] Both = [Inside, Outside];

    /// <summary>Where the server listens.</summary>
    public string ServerAddress => $"10.25.{ServerNet}.2";

    /// <summary>A further address of the server.</summary>
    public string FurtherAddress(string last) => $"fd25:{ServerNet}::{last}";

    /// <summary>The client's address, to which the server offers TLS, or that other to which it offers none.</summary>
    public string ClientAddress(bool serverHasTls) => serverHasTls ? $"10.25.{ClientNet}.2" : $"10.25.{ClientNet}.25";

    /// <summary>The name in the certificate of the server.</summary>
    public string ServerName => $"mx.{Server}.test";

    /// <summary>The name in that certificate of the server which nobody trusts.</summary>
    public string StrangerName => $"stranger.{Server}.test";

    /// <summary>The recipient's messages with a secret.</summary>
    public Task<IReadOnlyList<string>> StoredAsync(int count, string secret) => Lab.LabNetwork.MailboxAsync(Server, Recipient.Split('@')[0], count, secret);
}

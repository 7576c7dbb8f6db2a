using System.Net;
using DnsClient;
using DnsClient.Protocol;

namespace Cstp.Core.Tls;

/// <summary>DNS does not answer, or its signatures do not hold: nobody knows what the records say.</summary>
/// <param name="message">Which question, and what came.</param>
internal sealed class DnsUnavailableException(string message) : Exception(message);

/// <summary>
/// Finds the TLSA records of a server (RFC 7672 2). A proxy in the wire knows the server by its address: its name is that MX host
/// of the recipients' domain that has the address. Only what the resolver calls authentic counts. Safe for all threads.
/// </summary>
/// <param name="resolver">A validating resolver; it has the cache.</param>
internal sealed class TlsaLookup(IPEndPoint resolver)
{
    /// <summary>Hosts of a domain that are looked at; the largest providers have fewer.</summary>
    private const int MaxHosts = 20;

    private readonly LookupClient _client = new(new LookupClientOptions(resolver)
    {
        UseCache = false,
        RequestDnsSecRecords = true,   // with the DO bit in the question, the answer has the AD bit
        Timeout = TimeSpan.FromSeconds(3),
        Retries = 1,
        UseTcpFallback = true,
        ExtendedDnsBufferSize = 1232,   // what crosses any network in one piece
        ThrowDnsErrors = false,
    });

    /// <summary>The records that hold for mail to a domain, sent to a server.</summary>
    /// <param name="domain">The recipients' domain.</param>
    /// <param name="server">The server.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <returns>Null where DNSSEC secures none: the domain has none, or is not secure, or the server is none of its MX hosts.</returns>
    /// <exception cref="DnsUnavailableException">It cannot be found out.</exception>
    public async Task<TlsaRecords?> ForRecipientsAsync(string domain, IPEndPoint server, CancellationToken cancel)
    {
        IDnsQueryResponse mail = await AskAsync(domain, QueryType.MX, cancel);
        if (!mail.Header.IsAuthenticData)
            return null;
        string[] hosts = [.. mail.Answers.MxRecords().OrderBy(mx => mx.Preference).Take(MaxHosts).Select(mx => Plain(mx.Exchange)).Where(host => host.Length > 0)];
        if (hosts.Length == 0)
            hosts = mail.Answers.MxRecords().Any() ? [] : [domain];   // RFC 7505; RFC 5321 5.1
        DnsUnavailableException? unknown = null;
        bool isFound = false;
        foreach (string host in hosts)
        {
            IReadOnlyList<string>? names;
            try
            {
                names = await NamesOfAsync(host, server.Address, cancel);
            }
            catch (DnsUnavailableException e)
            {
                // Another host may be the one.
                unknown ??= e;
                continue;
            }
            isFound |= names is not null;
            // Of several hosts with this address those with records count: they forbid clear.
            if (names is not null && await RecordsAsync(names, server.Port, domain, cancel) is { } records)
                return records;
        }
        return isFound || unknown is null ? null : throw unknown;
    }

    /// <summary>The records that hold for a server whose name the configuration gives.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="port">Its port.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <returns>Null where DNSSEC secures none.</returns>
    /// <exception cref="DnsUnavailableException">It cannot be found out.</exception>
    public Task<TlsaRecords?> ForNameAsync(string name, int port, CancellationToken cancel) => RecordsAsync([name], port, name, cancel);

    /// <summary>The names under which a host's records may stand, the one that its aliases lead to first (RFC 7672 2.2.2).</summary>
    /// <returns>Null where the host does not have the address, empty where its address is not secure.</returns>
    private async Task<IReadOnlyList<string>?> NamesOfAsync(string host, IPAddress address, CancellationToken cancel)
    {
        IPAddress wanted = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        IDnsQueryResponse found = await AskAsync(host, wanted.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? QueryType.A : QueryType.AAAA, cancel);
        if (found.Answers.AddressRecords().FirstOrDefault(record => record.Address.Equals(wanted)) is not { } own)
            return null;
        if (!found.Header.IsAuthenticData)
            return [];
        string last = Plain(own.DomainName);
        return last.Equals(host, StringComparison.OrdinalIgnoreCase) ? [host] : [last, host];
    }

    private async Task<TlsaRecords?> RecordsAsync(IReadOnlyList<string> names, int port, string domain, CancellationToken cancel)
    {
        foreach (string name in names)
        {
            IDnsQueryResponse found = await AskAsync($"_{port}._tcp.{name}", QueryType.TLSA, cancel);
            Tlsa[] records = [.. found.Answers.OfType<TlsaRecord>().Select(r => new Tlsa((int)r.CertificateUsage, (int)r.Selector, (int)r.MatchingType, [.. r.CertificateAssociationData]))];
            if (found.Header.IsAuthenticData && records.Length > 0)
                return new TlsaRecords(name, domain, records);
        }
        return null;
    }

    private async Task<IDnsQueryResponse> AskAsync(string name, QueryType type, CancellationToken cancel)
    {
        try
        {
            IDnsQueryResponse response = await _client.QueryAsync(name, type, QueryClass.IN, cancel);
            return response.Header.ResponseCode is DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain
                ? response
                : throw new DnsUnavailableException($"the resolver answers {response.Header.ResponseCode} to {name} {type}");
        }
        catch (DnsResponseException e)
        {
            throw new DnsUnavailableException($"the resolver does not answer {name} {type} ({e.Message})");
        }
    }

    private static string Plain(DnsString name) => name.Value.TrimEnd('.');
}

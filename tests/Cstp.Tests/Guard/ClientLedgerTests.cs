using System.Net;
using Cstp.GuardConnections;
using Microsoft.Extensions.Time.Testing;

namespace Cstp.Tests.Guard;

public sealed class ClientLedgerTests
{
    private readonly FakeTimeProvider _time = new();

    private static IPAddress Address(int n) => new([10, (byte)(n >> 16), (byte)(n >> 8), (byte)n]);

    private ClientLedger Ledger(GuardSettings settings) => new(settings, _time);

    /// <summary>A connection that ends at once.</summary>
    private static Measure? Touch(ClientLedger ledger, IPAddress address)
    {
        if (ledger.Open(address, out Breach? breach) is { } account)
            ledger.Close(account);
        return breach?.Measure;
    }

    [Fact]
    public void Of_a_hundred_thousand_rotating_addresses_no_more_are_remembered_than_the_setting_says()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 1000, Ipv4NetworkPrefix = 32 });
        for (int i = 0; i < 100_000; i++)
            Assert.Null(Touch(ledger, Address(i)));
        Assert.Equal((1000, 1000), (ledger.Clients, ledger.Networks));
    }

    [Fact]
    public void Each_of_them_takes_less_than_the_half_KiB_that_the_guide_says()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 20_000, Ipv4NetworkPrefix = 32 });
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20_000; i++)
            ledger.Close(ledger.Open(Address(i), out _)!);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((20_000, 20_000), (ledger.Clients, ledger.Networks));
        // Garbage on the way (accounts, addresses, dictionaries that grew) is counted, too.
        Assert.InRange(allocated / 40_000, 100, 512);
    }

    [Fact]
    public void Rotating_addresses_do_not_push_out_a_client_that_is_limited()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 100, Client = new() { ConnectionsPerMinute = 5 } });
        for (int i = 0; i < 5; i++)
            Assert.Null(Touch(ledger, Address(1)));
        Assert.Equal(Measure.Connections, Touch(ledger, Address(1)));
        for (int i = 1000; i < 11_000; i++)
            Touch(ledger, Address(i * 256));
        Assert.Equal(Measure.Connections, Touch(ledger, Address(1)));
        Assert.Equal(100, ledger.Clients);
    }

    [Fact]
    public void Nor_one_that_has_sessions_in_progress()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 100, Client = new() { Sessions = 1 } });
        ClientAccount open = ledger.Open(Address(1), out _)!;
        for (int i = 1000; i < 11_000; i++)
            Touch(ledger, Address(i * 256));
        Assert.Equal(Measure.Sessions, Touch(ledger, Address(1)));
        ledger.Close(open);
        Assert.Null(Touch(ledger, Address(1)));
    }

    [Fact]
    public void A_suspect_keeps_its_place_while_others_are_to_be_had()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 100 });
        ClientAccount suspect = ledger.Open(Address(1), out _)!;
        ledger.Suspect(suspect);
        ledger.Close(suspect);
        for (int i = 1000; i < 11_000; i++)
            Touch(ledger, Address(i * 256));
        Assert.True(ledger.IsSuspect(ledger.Open(Address(1), out _)!));
    }

    [Fact]
    public void But_a_table_full_of_suspects_has_room_for_newcomers()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 100 });
        for (int i = 0; i < 200; i++)
        {
            ClientAccount suspect = ledger.Open(Address(i * 256), out _)!;
            ledger.Suspect(suspect);
            ledger.Close(suspect);
        }
        ClientAccount[] newcomers = [.. Enumerable.Range(1000, 20).Select(i => ledger.Open(Address(i * 256), out _)!)];
        Assert.Equal(20, newcomers.Select(account => account.Client).Distinct().Count());
        Assert.Equal(100, ledger.Clients);
    }

    [Fact]
    public void Where_all_places_are_held_newcomers_share_one_clients_limits_and_no_memory()
    {
        ClientLedger ledger = Ledger(new GuardSettings { MaxTracked = 100, Client = new() { Sessions = 3 } });
        List<ClientAccount> held = [.. Enumerable.Range(0, 100).Select(i => ledger.Open(Address(i * 256), out _)!)];
        List<ClientAccount?> more = [.. Enumerable.Range(1000, 10).Select(i => ledger.Open(Address(i * 256), out _))];
        Assert.Equal(3, more.Count(account => account is not null));
        Assert.Equal((100, 100), (ledger.Clients, ledger.Networks));
        ledger.Close(held[50]);
        Assert.NotNull(ledger.Open(Address(5000 * 256), out _));
        Assert.Equal(100, ledger.Clients);
    }

    [Fact]
    public void A_networks_limit_counts_all_its_clients_and_no_other_network()
    {
        ClientLedger ledger = Ledger(new GuardSettings { Network = new() { ConnectionsPerMinute = 20 } });
        for (int i = 0; i < 20; i++)
            Assert.Null(Touch(ledger, Address(i)));
        Assert.Null(ledger.Open(Address(99), out Breach? breach));
        Assert.Equal(("10.0.0.0/24", 20), (breach!.By.ToString(), breach.Limit));
        Assert.Null(Touch(ledger, Address(256)));
    }

    [Fact]
    public void An_IPv6_client_does_not_get_more_by_changing_its_address_within_its_64()
    {
        ClientLedger ledger = Ledger(new GuardSettings { Client = new() { ConnectionsPerMinute = 5 } });
        Assert.Equal(5, Enumerable.Range(1, 50).Count(i => Touch(ledger, IPAddress.Parse($"2001:db8::{i:x}")) is null));
        Assert.Null(Touch(ledger, IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void What_is_refused_counts_for_nobody()
    {
        ClientLedger ledger = Ledger(new GuardSettings { Client = new() { ConnectionsPerMinute = 1 }, Network = new() { ConnectionsPerMinute = 2 } });
        Assert.Null(Touch(ledger, Address(1)));
        for (int i = 0; i < 100; i++)
            Assert.Equal(Measure.Connections, Touch(ledger, Address(1)));
        Assert.Null(Touch(ledger, Address(2)));
    }

    [Fact]
    public void The_log_hears_of_a_client_once_a_minute()
    {
        ClientLedger ledger = Ledger(new GuardSettings { Client = new() { Sessions = 1 } });
        Assert.NotNull(ledger.Open(Address(1), out _));
        bool News()
        {
            Assert.Null(ledger.Open(Address(1), out Breach? breach));
            return breach!.IsNews;
        }
        Assert.Equal([true, false, false], [News(), News(), News()]);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([true, false], [News(), News()]);
    }

    [Theory]
    [InlineData(10, 0, true)]
    [InlineData(9, 0, false)]
    [InlineData(10, 10, true)]
    [InlineData(10, 11, false)]
    [InlineData(500, 600, false)]
    public void Recipients_are_a_harvest_by_number_and_by_share(int refused, int accepted, bool harvest)
    {
        ClientLedger ledger = Ledger(new GuardSettings { HarvestRecipients = 10, HarvestPercent = 50 });
        ClientAccount account = ledger.Open(Address(1), out _)!;
        bool found = false;
        for (int i = 0; i < accepted; i++)
            found |= ledger.CountRecipient(account, isAccepted: true);
        for (int i = 0; i < refused; i++)
            found |= ledger.CountRecipient(account, isAccepted: false);
        Assert.Equal(harvest, found);
    }

    [Fact]
    public void One_unknown_recipient_every_few_minutes_is_no_harvest()
    {
        ClientLedger ledger = Ledger(new GuardSettings { HarvestRecipients = 10 });
        ClientAccount account = ledger.Open(Address(1), out _)!;
        for (int i = 0; i < 1000; i++)
        {
            Assert.False(ledger.CountRecipient(account, isAccepted: false));
            _time.Advance(TimeSpan.FromMinutes(2));
        }
    }
}

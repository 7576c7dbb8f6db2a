using Cstp.Abstractions;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;

namespace Cstp.Tests.Securing.Rules;

public sealed class ProtectionRulesTests
{
    private static readonly Mailbox s_juro = Mailbox.Parse("juro@amd.test"), s_anna = Mailbox.Parse("anna@intel.test");

    [Theory]
    [InlineData("*", "anna@intel.test", true)]
    [InlineData("*", null, true)]
    [InlineData("<>", null, true)]
    [InlineData("<>", "anna@intel.test", false)]
    [InlineData("anna@intel.test", "Anna@Intel.Test", true)]
    [InlineData("anna@intel.test", "hanna@intel.test", false)]
    [InlineData("anna@intel.test", null, false)]
    [InlineData("intel.test", "anna@INTEL.test", true)]
    [InlineData("*@intel.test", "anna@intel.test", true)]
    [InlineData("*@intel.test", "anna@sub.intel.test", false)]
    [InlineData("intel.test", "anna@sub.intel.test", false)]
    [InlineData("intel.test", "anna@notintel.test", false)]
    [InlineData(".intel.test", "anna@sub.intel.test", true)]
    [InlineData(".intel.test", "anna@a.b.intel.test", true)]
    [InlineData(".intel.test", "anna@intel.test", false)]
    [InlineData(".intel.test", "anna@notintel.test", false)]
    public void A_pattern_speaks_of_whom_it_names(string pattern, string? address, bool matches)
    {
        Assert.True(AddressPattern.TryParse(pattern, out AddressPattern? parsed));
        Assert.Equal(matches, parsed.Matches(address is null ? null : Mailbox.Parse(address)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("anna@")]
    [InlineData("*@intel*")]
    [InlineData("..intel.test")]
    [InlineData("intel test")]
    public void What_is_no_pattern_is_no_pattern(string text) => Assert.False(AddressPattern.TryParse(text, out _));

    [Fact]
    public void Without_rules_everything_is_preferred()
    {
        ProtectionRules rules = Rules();
        Assert.Equal(default, rules.Outbound(s_juro, s_anna));
        Assert.Equal(default, rules.Inbound([s_anna], anybody: true, s_juro));
    }

    [Fact]
    public void The_first_rule_that_matches_and_speaks_of_a_kind_decides_it()
    {
        ProtectionRules rules = Rules(
            new() { Remote = ["anna@intel.test"], Sign = Demand.Never },
            new() { Remote = ["intel.test"], Encrypt = Demand.Require, Sign = Demand.Require },
            new() { Encrypt = Demand.Never });
        Assert.Equal(new(Demand.Require, Demand.Never), rules.Outbound(s_juro, s_anna));
        Assert.Equal(new(Demand.Require, Demand.Require), rules.Outbound(s_juro, Mailbox.Parse("fedor@intel.test")));
        Assert.Equal(new(Demand.Never, Demand.Prefer), rules.Outbound(s_juro, Mailbox.Parse("fedor@mulholland.test")));
    }

    [Fact]
    public void A_rule_holds_in_its_direction_and_for_its_local_users()
    {
        ProtectionRules rules = Rules(
            new() { Direction = RuleDirection.Outbound, Encrypt = Demand.Require },
            new() { Direction = RuleDirection.Inbound, Local = ["juro@amd.test"], Sign = Demand.Require });
        Assert.Equal(new(Demand.Require, Demand.Prefer), rules.Outbound(null, s_anna));
        Assert.Equal(new(Demand.Prefer, Demand.Require), rules.Inbound([s_anna], anybody: false, s_juro));
        Assert.Equal(default, rules.Inbound([s_anna], anybody: false, Mailbox.Parse("boss@amd.test")));
    }

    [Fact]
    public void Of_several_claimed_senders_the_strictest_demand_counts()
    {
        ProtectionRules rules = Rules(
            new() { Remote = ["intel.test"], Sign = Demand.Require },
            new() { Remote = ["mulholland.test"], Sign = Demand.Never });
        Mailbox fedor = Mailbox.Parse("fedor@mulholland.test"), other = Mailbox.Parse("x@other.test");
        Assert.Equal(Demand.Require, rules.Inbound([fedor, s_anna], anybody: false, s_juro).Sign);
        Assert.Equal(Demand.Require, rules.Inbound([s_anna, fedor], anybody: false, s_juro).Sign);
        Assert.Equal(Demand.Prefer, rules.Inbound([fedor, other], anybody: false, s_juro).Sign);
        Assert.Equal(Demand.Never, rules.Inbound([fedor, fedor], anybody: false, s_juro).Sign);
        Assert.Equal(Demand.Require, rules.Inbound([other], anybody: true, s_juro).Sign);
    }

    [Theory]
    [InlineData("sales@intel.test", "anna@intel.test")]
    [InlineData("SALES@Intel.test", "anna@intel.test")]
    [InlineData("sales+eu@intel.test", "anna@intel.test")]
    [InlineData("anna+news@intel.test", "anna@intel.test")]
    [InlineData("anna+a+b@intel.test", "anna@intel.test")]
    [InlineData("anna-news@intel.test", "anna-news@intel.test")]
    [InlineData("+news@intel.test", "+news@intel.test")]
    [InlineData("\"a+b\"@intel.test", "\"a+b\"@intel.test")]
    [InlineData("fedor@mulholland.test", "fedor@mulholland.test")]
    public void An_address_leads_to_its_user(string address, string user)
    {
        var users = new UserAddresses([new() { Address = "sales@intel.test", User = "anna@intel.test" }], "+");
        Assert.Equal(Mailbox.Parse(user), users.UserOf(Mailbox.Parse(address)));
    }

    [Fact]
    public void Without_separators_a_plus_is_a_letter() =>
        Assert.Equal(Mailbox.Parse("anna+x@intel.test"), new UserAddresses([], "").UserOf(Mailbox.Parse("anna+x@intel.test")));

    private static ProtectionRules Rules(params SecuringRule[] rules) => new(new SecuringOptions { Rules = rules });
}

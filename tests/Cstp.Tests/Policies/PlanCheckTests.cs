using Cstp.Abstractions;
using Cstp.Core.Securing;

namespace Cstp.Tests.Policies;

public sealed class PlanCheckTests
{
    private static readonly RecipientCertificate s_annas = new(new EncodedCertificate(new byte[] { 0x30, 0 }), CertificateScope.User);
    private static readonly RecipientCertificate s_eves = new(new EncodedCertificate(new byte[] { 0x30, 1, 0 }), CertificateScope.User);

    private static readonly PolicyRecipient s_anna = new(Mailbox.Parse("anna@intel.test"), [s_annas], Protection.SignedEncrypted);
    private static readonly PolicyRecipient s_max = new(Mailbox.Parse("max@elsewhere.test"), [], Protection.None);

    [Fact]
    public void A_plan_for_everybody_once_with_enough_protection_has_no_fault()
    {
        Assert.Null(Fault(new Delivery([s_anna], Protection.SignedEncrypted), new Delivery([s_max], Protection.None)));
        Assert.Null(Fault(new Delivery([s_max], Protection.Signed), new Delivery([s_anna], Protection.SignedEncrypted, DeliveryRoute.Relay)));
    }

    [Fact]
    public void A_lost_recipient_is_a_fault()
    {
        Assert.Equal("no delivery to max@elsewhere.test", Fault(new Delivery([s_anna], Protection.SignedEncrypted)));
        Assert.StartsWith("no delivery to", Fault(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recipient_served_twice_is_a_fault()
    {
        Assert.Contains("more than one", Fault(new Delivery([s_anna, s_anna], Protection.SignedEncrypted), new Delivery([s_max], Protection.None)), StringComparison.Ordinal);
        Assert.Contains("more than one", Fault(new Delivery([s_anna], Protection.SignedEncrypted), new Delivery([s_max], Protection.None), new Delivery([s_max], Protection.None)), StringComparison.Ordinal);
    }

    [Fact]
    public void One_address_given_twice_by_the_client_is_served_twice()
    {
        PolicyTransaction twice = new(null, [s_anna, s_anna], Protection.None);
        Assert.Null(PlanCheck.FindFault(twice, [new Delivery([s_anna, s_anna], Protection.SignedEncrypted)]));
        Assert.StartsWith("no delivery", PlanCheck.FindFault(twice, [new Delivery([s_anna], Protection.SignedEncrypted)]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Protection.None)]
    [InlineData(Protection.Signed)]
    [InlineData(Protection.Encrypted)]
    public void Less_protection_than_required_is_a_fault(Protection protection) =>
        Assert.Contains("less protection", Fault(new Delivery([s_anna], protection), new Delivery([s_max], Protection.None)), StringComparison.Ordinal);

    [Fact]
    public void A_recipient_of_the_policys_own_is_a_fault() =>
        Assert.Contains("who is no recipient", Fault(new Delivery([s_anna], Protection.SignedEncrypted), new Delivery([s_max with { Mailbox = Mailbox.Parse("eve@evil.test") }], Protection.None)), StringComparison.Ordinal);

    [Fact]
    public void Encryption_without_certificate_is_a_fault() =>
        Assert.Contains("has no certificate", Fault(new Delivery([s_anna, s_max], Protection.SignedEncrypted)), StringComparison.Ordinal);

    [Fact]
    public void Other_certificates_than_were_found_are_a_fault()
    {
        foreach (RecipientCertificate[] given in new RecipientCertificate[][] { [], [s_eves], [s_annas, s_eves] })
        {
            string? fault = Fault(new Delivery([s_anna with { Certificates = given }], Protection.SignedEncrypted), new Delivery([s_max], Protection.None));
            Assert.Contains("other certificates", fault, StringComparison.Ordinal);
        }
        Assert.Contains("has no certificate", Fault(new Delivery([s_anna], Protection.SignedEncrypted), new Delivery([s_max with { Certificates = [s_eves] }], Protection.SignedEncrypted)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_lowered_demand_in_the_plan_counts_for_nothing() =>
        Assert.Contains("less protection", Fault(new Delivery([s_anna with { Required = Protection.None }], Protection.None), new Delivery([s_max], Protection.None)), StringComparison.Ordinal);

    [Fact]
    public void A_delivery_to_nobody_is_a_fault() =>
        Assert.Equal("a delivery without recipients", Fault(new Delivery([s_anna], Protection.SignedEncrypted), new Delivery([s_max], Protection.None), new Delivery([], Protection.None)));

    private static string? Fault(params Delivery[] plan) => PlanCheck.FindFault(new PolicyTransaction(null, [s_anna, s_max], Protection.None), plan);
}

using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

public sealed class SmtpParametersTests
{
    private static readonly ServerExtensions s_all = new(new HashSet<string> { "DSN", "SIZE", "8BITMIME", "RRVS" }, null);

    [Theory]
    [InlineData("RET=FULL")]
    [InlineData("RET=hdrs ENVID=QQ314159")]
    [InlineData("ENVID=a+2Bb+3Dc+20d")]
    [InlineData("SIZE=100 BODY=8BITMIME RET=HDRS")]
    public void Parameters_of_MAIL_that_fit_go_on(string parameters) => Assert.Null(SmtpParameters.RefuseMail(Path("FROM:", parameters), s_all));

    [Theory]
    [InlineData("RET", "501 5.5.4")]
    [InlineData("RET=BODY", "501 5.5.4")]
    [InlineData("RET=FULL RET=HDRS", "501 5.5.4")]
    [InlineData("ENVID", "501 5.5.4")]
    [InlineData("ENVID=a=b", "501 5.5.4")]
    [InlineData("ENVID=a+2", "501 5.5.4")]
    [InlineData("ENVID=a+2b", "501 5.5.4")]
    [InlineData("ENVID=a+0D+0A", "501 5.5.4")]
    [InlineData("ENVID=a+FF", "501 5.5.4")]
    [InlineData("NOTIFY=NEVER", "555 5.5.4")]
    [InlineData("ORCPT=rfc822;a@b.test", "555 5.5.4")]
    public void Parameters_of_MAIL_that_do_not_fit_are_refused(string parameters, string reply) =>
        Assert.StartsWith(reply, SmtpParameters.RefuseMail(Path("FROM:", parameters), s_all)?.ToString(), StringComparison.Ordinal);

    [Fact]
    public void An_ENVID_has_a_hundred_characters_and_no_more()
    {
        Assert.Null(SmtpParameters.RefuseMail(Path("FROM:", "ENVID=" + new string('x', 100)), s_all));
        Assert.NotNull(SmtpParameters.RefuseMail(Path("FROM:", "ENVID=" + new string('x', 101)), s_all));
    }

    [Theory]
    [InlineData("NOTIFY=NEVER")]
    [InlineData("NOTIFY=success")]
    [InlineData("NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;Bob+2Bx@elsewhere.test")]
    [InlineData("ORCPT=X400;/G=a/")]
    public void Parameters_of_RCPT_that_fit_go_on(string parameters)
    {
        string encoded = parameters.Replace("/G=a/", "/G+3Da/", StringComparison.Ordinal);
        Assert.Null(SmtpParameters.RefuseRecipient(Path("TO:", encoded), s_all, isInternational: false));
    }

    [Theory]
    [InlineData("NOTIFY", "501 5.5.4")]
    [InlineData("NOTIFY=NEVER,SUCCESS", "501 5.5.4")]
    [InlineData("NOTIFY=SUCCESS,SUCCESS", "501 5.5.4")]
    [InlineData("NOTIFY=SUCCESS,", "501 5.5.4")]
    [InlineData("NOTIFY=ALWAYS", "501 5.5.4")]
    [InlineData("NOTIFY=NEVER NOTIFY=NEVER", "501 5.5.4")]
    [InlineData("ORCPT=a@b.test", "501 5.5.4")]
    [InlineData("ORCPT=rfc822;", "501 5.5.4")]
    [InlineData("ORCPT=;a@b.test", "501 5.5.4")]
    [InlineData("ORCPT=rfc822;a=b@c.test", "501 5.5.4")]
    [InlineData("RET=FULL", "555 5.5.4")]
    public void Parameters_of_RCPT_that_do_not_fit_are_refused(string parameters, string reply) =>
        Assert.StartsWith(reply, SmtpParameters.RefuseRecipient(Path("TO:", parameters), s_all, isInternational: false)?.ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_parameter_of_an_extension_that_is_not_in_force_is_refused() =>
        Assert.StartsWith("555 5.5.4", SmtpParameters.RefuseRecipient(Path("TO:", "NOTIFY=NEVER"), ServerExtensions.None, isInternational: false)?.ToString(), StringComparison.Ordinal);

    private static PathArgument Path(string prefix, string parameters)
    {
        Assert.Null(PathArgument.TryParse($"{prefix}<a@b.test> {parameters}", prefix, out PathArgument? path));
        return path!;
    }

    [Theory]
    [InlineData("ORCPT=utf-8;\u00c3\u00bc@b.test", true, true)]
    [InlineData("ORCPT=utf-8;\u00c3\u00bc@b.test", false, false)]
    [InlineData("ORCPT=rfc822;\u00c3\u00bc@b.test", true, false)]
    [InlineData("ORCPT=utf-8;\u00fc@b.test", true, false)]
    [InlineData("ORCPT=utf-8;a\u00c2\u0085@b.test", true, false)]
    [InlineData("ORCPT=utf-8;a\u00e2\u0080\u00ae@b.test", true, false)]
    [InlineData("ORCPT=utf-8;\\x{FC}@b.test", false, true)]
    public void An_original_recipient_is_written_in_UTF8_in_an_international_transaction_alone(string parameter, bool isInternational, bool fits) =>
        Assert.Equal(fits, SmtpParameters.RefuseRecipient(Path("TO:", parameter), s_all, isInternational) is null);
}

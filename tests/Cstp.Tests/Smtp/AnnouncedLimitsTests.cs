using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

public sealed class AnnouncedLimitsTests
{
    [Theory]
    [InlineData("RCPTMAX=5000", "RCPTMAX=1000")]
    [InlineData("rcptmax=20", "RCPTMAX=20")]
    [InlineData("RCPTMAX=20 RCPTMAX=5", "RCPTMAX=20")]
    [InlineData("RCPTMAX", "RCPTMAX=1000")]
    [InlineData("RCPTMAX=x", "RCPTMAX=1000")]
    [InlineData("RCPTMAX=0", "RCPTMAX=1000")]
    [InlineData("", "RCPTMAX=1000")]
    [InlineData("MAILMAX=100 RCPTMAX=50", "MAILMAX=50 RCPTMAX=50")]
    [InlineData("MAILMAX=1", "MAILMAX=1 RCPTMAX=1000")]
    [InlineData("MAILMAX=x", "RCPTMAX=1000")]
    [InlineData("RCPTDOMAINMAX=1 RCPTMAX=9", "RCPTDOMAINMAX=1 RCPTMAX=9")]
    [InlineData("NEWMAX=7 RCPTMAX=9", "NEWMAX=7 RCPTMAX=9")]
    public void Limits_are_lowered_to_what_the_box_leaves(string announced, string lowered) =>
        Assert.Equal(lowered, string.Join(' ', AnnouncedLimits.Lower(announced.Split(' ', StringSplitOptions.RemoveEmptyEntries), new SmtpOptions { MaxRecipients = 1000 })));
}

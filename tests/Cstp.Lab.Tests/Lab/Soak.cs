namespace Cstp.Lab.Tests.Lab;

/// <summary>The trait of tests that <c>./test</c> leaves to <c>./test soak</c>.</summary>
internal static class Soak
{
    public const string Name = nameof(Soak);

    /// <summary>Policies and verifications of TLS of which each is tested in <c>./test</c> as well, in another combination.</summary>
    public const string Tls = nameof(Tls);
}

namespace Cstp.Core.Securing.Rules;

/// <summary>How much a rule wants one kind of protection.</summary>
internal enum Demand
{
    /// <summary>Where it can be had.</summary>
    Prefer,

    /// <summary>Always: without it the message is refused.</summary>
    Require,

    /// <summary>Not at all.</summary>
    Never,
}

/// <summary>What the rules want for the mail between a local and a remote user.</summary>
/// <param name="Encrypt">Encryption.</param>
/// <param name="Sign">A signature.</param>
internal readonly record struct ProtectionDemand(Demand Encrypt, Demand Sign)
{
    /// <summary>The stricter of two, kind by kind: what is required by one is required, and only what neither wants is left out.</summary>
    /// <param name="other">The other.</param>
    public ProtectionDemand Stricter(ProtectionDemand other) => new(Stricter(Encrypt, other.Encrypt), Stricter(Sign, other.Sign));

    private static Demand Stricter(Demand one, Demand other) => one == other ? one
        : one == Demand.Require || other == Demand.Require ? Demand.Require
        : Demand.Prefer;
}

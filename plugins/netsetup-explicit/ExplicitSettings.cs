namespace Cstp.NetsetupExplicit;

/// <summary>Section <c>[module.netsetup-explicit]</c>.</summary>
public sealed class ExplicitSettings
{
    /// <summary>Where local users' mail comes in.</summary>
    public required ListenerSettings Inside { get; set; }

    /// <summary>Where all other mail comes in.</summary>
    public required ListenerSettings Outside { get; set; }
}

namespace Cstp.Host;

/// <summary>What a <see cref="ServiceReport"/> tells of a service.</summary>
internal interface IServiceLife
{
    /// <summary>Sessions in progress.</summary>
    int Sessions { get; }

    /// <summary>Finds out whether the service still does its work.</summary>
    /// <param name="limit">How long that may take.</param>
    /// <returns>What does not work; null where all does.</returns>
    ValueTask<string?> FaultAsync(TimeSpan limit);
}

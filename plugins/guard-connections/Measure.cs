namespace Cstp.GuardConnections;

/// <summary>What is limited.</summary>
internal enum Measure
{
    /// <summary>Connections a minute.</summary>
    Connections,

    /// <summary>Messages a minute.</summary>
    Messages,

    /// <summary>Recipients a minute.</summary>
    Recipients,

    /// <summary>Commands in error a minute.</summary>
    Errors,

    /// <summary>Sessions at once; no rate.</summary>
    Sessions,
}

/// <summary>A limit that was reached.</summary>
/// <param name="Measure">Which.</param>
/// <param name="By">Whose: a client or a network.</param>
/// <param name="Limit">How much it was.</param>
/// <param name="IsNews">Whether the log has not heard of this client within the last minute.</param>
internal sealed record Breach(Measure Measure, ClientKey By, int Limit, bool IsNews);

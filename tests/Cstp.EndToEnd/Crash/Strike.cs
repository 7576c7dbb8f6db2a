namespace Cstp.EndToEnd.Crash;

/// <summary>Where a transaction stands, as one of its ends sees it.</summary>
internal enum ProtocolState
{
    Banner,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Content,
    BeforeDot,
    AfterDot,
    Quit,
}

/// <summary>Who falls.</summary>
internal enum Victim
{
    Client,
    Server,
    Amd,
    Intel,
}

/// <summary>Who sees the state come.</summary>
internal enum Witness
{
    Client,
    Server,
}

/// <summary>Before the reply to what began the state (of content: near its beginning), or after it.</summary>
internal enum Moment
{
    Early,
    Late,
}

/// <summary>One crash: who falls, and when.</summary>
internal sealed record Strike(Victim Victim, ProtocolState State, Witness Witness, Moment Moment, TimeSpan Delay)
{
    private int _taken;

    /// <summary>Whether it came to it.</summary>
    public bool IsDone => _taken != 0;

    /// <summary>Tells, once, that this is the moment.</summary>
    public bool Falls(Witness witness, ProtocolState state, Moment moment) =>
        witness == Witness && state == State && moment == Moment && Interlocked.Exchange(ref _taken, 1) == 0;
}

using Cstp.Abstractions;

namespace Cstp.Core.Smtp;

/// <summary>The interceptors of one session, in the order of the configuration.</summary>
/// <param name="session">The session.</param>
/// <param name="services">What all sessions share.</param>
internal sealed class InterceptorChain(ISmtpSessionInfo session, SmtpServices services)
{
    /// <summary>Whether there is nobody to ask or to tell.</summary>
    public bool IsEmpty => services.Interceptors.Count == 0;

    /// <summary>Asks the interceptors in their order.</summary>
    /// <param name="about">What is about to happen.</param>
    /// <param name="cancel">The session ends.</param>
    /// <returns>Null to go on, or the refusal.</returns>
    /// <exception cref="SessionClosedException">One dropped the session.</exception>
    public async ValueTask<Reply?> DecideAsync(SmtpEvent about, CancellationToken cancel)
    {
        if (IsEmpty)
            return null;
        await SocketThread.LeaveAsync();
        foreach (NamedInterceptor named in services.Interceptors)
        {
            InterceptorVerdict verdict;
            try
            {
                verdict = await named.Interceptor.DecideAsync(session, about, cancel) ?? throw new InvalidOperationException("it gave no verdict");
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
            {
                SmtpLog.InterceptorThrew(services.Logger, session.Id, named.Name, e);
                return new Reply(451, "4.7.5", "A check of this message failed; try again later");
            }
            switch (verdict)
            {
                case InterceptorVerdict.Refuse refuse:
                    return refuse.Reply.Code >= 400 ? refuse.Reply : new Reply(451, "4.7.5", "A check of this message failed; try again later");
                case InterceptorVerdict.Drop:
                    throw new SessionClosedException(null, $"interceptor {named.Name} dropped the session");
                case InterceptorVerdict.Delay delay:
                    TimeSpan wait = delay.Duration < TimeSpan.FromMinutes(1) ? delay.Duration : TimeSpan.FromMinutes(1);
                    await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, services.Time, cancel);
                    break;
            }
        }
        Observe(about);
        return null;
    }

    /// <summary>Tells the interceptors.</summary>
    /// <param name="happened">What happened.</param>
    public void Observe(SmtpEvent happened)
    {
        foreach (NamedInterceptor named in services.Interceptors)
        {
            try
            {
                named.Interceptor.Observe(session, happened);
            }
            catch (Exception e)
            {
                // Observing decides nothing, so there is nothing to refuse; the log says who is broken.
                SmtpLog.InterceptorThrew(services.Logger, session.Id, named.Name, e);
            }
        }
    }
}

using Cstp.Abstractions;
using Cstp.Core.Mime;

namespace Cstp.Core.Securing;

internal sealed class MessageSecurity
{
    public Reply? DecideRecipient(MessageEnvelope envelope, Mailbox candidate) => null;
    public Reply? DecideData(MessageEnvelope envelope) => null;
    public bool Touches(MessageEnvelope envelope) => false;
    public Task<MessageDecision> DecideAsync(MessageEnvelope envelope, HeaderSection header, CancellationToken cancel) => throw new InvalidOperationException();
}

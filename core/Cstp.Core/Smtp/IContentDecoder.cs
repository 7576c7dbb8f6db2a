using System.Buffers;

namespace Cstp.Core.Smtp;

/// <summary>Turns a message's octets on the wire into content.</summary>
internal interface IContentDecoder
{
    /// <summary>What is wrong, where the state is <see cref="DataState.Broken"/>.</summary>
    string? Fault { get; }

    /// <summary>Whether a NUL stood where lines of text are.</summary>
    bool NulSeen { get; }

    /// <summary>Decodes as much as there is, up to and with the end of data.</summary>
    /// <param name="wire">Octets as they came.</param>
    /// <param name="content">Receives content.</param>
    /// <param name="consumed">Octets of <paramref name="wire"/> that belong to this message.</param>
    DataState Decode(ReadOnlySpan<byte> wire, IBufferWriter<byte> content, out int consumed);

    /// <summary>The message ends here, by the last chunk.</summary>
    /// <param name="content">Receives what is still missing.</param>
    DataState End(IBufferWriter<byte> content);
}

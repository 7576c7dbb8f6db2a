using System.Buffers;

namespace Cstp.Core.Smime;

/// <summary>Keeps the body of the innermost entity where it is small, so that a small message is opened once.</summary>
/// <param name="limit">Octets kept at most.</param>
internal sealed class InnermostBody(int limit)
{
    private ArrayBufferWriter<byte>? _octets = limit > 0 ? new ArrayBufferWriter<byte>(Math.Min(limit, 4096)) : null;

    /// <summary>The body; null where it was over the limit.</summary>
    public ReadOnlyMemory<byte>? Octets => _octets?.WrittenMemory;

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    public void Write(ReadOnlySpan<byte> octets)
    {
        if (_octets is null)
            return;
        if (_octets.WrittenCount + octets.Length > limit)
            _octets = null;
        else
            _octets.Write(octets);
    }
}

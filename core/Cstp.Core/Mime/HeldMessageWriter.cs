using System.Buffers;

namespace Cstp.Core.Mime;

/// <summary>Collects a message: in memory as long as it is small and the budget allows, else in an encrypted file.</summary>
internal sealed class HeldMessageWriter(Spool spool, SpoolOptions options) : IDisposable
{
    private const int Grain = 16 * 1024;

    private readonly List<byte[]> _memory = [];
    private int _lastUsed = Grain;
    private SpoolFile? _file;
    private long _length;
    private int _reserved;

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    /// <exception cref="SpoolException">There is no room.</exception>
    public void Write(ReadOnlySpan<byte> octets)
    {
        _length += octets.Length;
        while (!octets.IsEmpty && _file is null)
        {
            if (_lastUsed == Grain)
            {
                if ((_memory.Count + 1) * Grain > options.MemoryPerMessage || !spool.TryReserve(Grain))
                {
                    MoveToFile();
                    break;
                }
                _memory.Add(ArrayPool<byte>.Shared.Rent(Grain));
                _lastUsed = 0;
            }
            int count = Math.Min(octets.Length, Grain - _lastUsed);
            octets[..count].CopyTo(_memory[^1].AsSpan(_lastUsed));
            _lastUsed += count;
            octets = octets[count..];
        }
        if (!octets.IsEmpty)
            _file!.Write(octets);
    }

    /// <summary>Ends the collecting.</summary>
    public HeldMessage Finish()
    {
        _file?.FinishWriting();
        ReadOnlyMemory<byte>[] blocks = [.. _memory.Select((block, i) => (ReadOnlyMemory<byte>)block.AsMemory(0, i == _memory.Count - 1 ? _lastUsed : Grain))];
        return new HeldMessage(_length, blocks, _file, this);
    }

    /// <summary>Takes memory beside the message's own, until all is given back.</summary>
    /// <param name="octets">How much.</param>
    public bool TryReserve(int octets)
    {
        if (octets > options.MemoryPerMessage || !spool.TryReserve(octets))
            return false;
        _reserved += octets;
        return true;
    }

    /// <summary>Gives memory and file back.</summary>
    public void Dispose()
    {
        spool.Release(_reserved);
        _reserved = 0;
        ReleaseMemory();
        _file?.Dispose();
        _file = null;
    }

    private void MoveToFile()
    {
        _file = new SpoolFile(options.Folder);
        for (int i = 0; i < _memory.Count; i++)
            _file.Write(_memory[i].AsSpan(0, i == _memory.Count - 1 ? _lastUsed : Grain));
        ReleaseMemory();
    }

    private void ReleaseMemory()
    {
        foreach (byte[] block in _memory)
            ArrayPool<byte>.Shared.Return(block, clearArray: true);
        spool.Release(_memory.Count * Grain);
        _memory.Clear();
        _lastUsed = Grain;
    }
}

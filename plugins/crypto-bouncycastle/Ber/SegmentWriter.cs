using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Cstp.CryptoBouncyCastle.Pipes;

namespace Cstp.CryptoBouncyCastle.Ber;

/// <summary>Gathers content into OCTET STRING segments of one size, whatever portions it comes in.</summary>
internal sealed class SegmentWriter(OctetSink sink) : IDisposable
{
    /// <summary>Octets of a segment: the header costs 1 in 10,000, and two buffers fit in the second-level cache.</summary>
    public const int SegmentOctets = 48 * 1024;

    private readonly byte[] _segment = ArrayPool<byte>.Shared.Rent(SegmentOctets);
    private int _filled;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            int count = Math.Min(octets.Length, SegmentOctets - _filled);
            octets.Span[..count].CopyTo(_segment.AsSpan(_filled));
            _filled += count;
            octets = octets[count..];
            if (_filled == SegmentOctets)
                await CompleteAsync();
        }
    }

    /// <summary>Writes what has gathered, if anything.</summary>
    public async ValueTask CompleteAsync()
    {
        if (_filled == 0)
            return;
        WriteHeader();
        await sink.WriteAsync(_segment.AsSpan(0, _filled));
        _filled = 0;
    }

    public void Dispose()
    {
        // It held plaintext, and the pool hands it on to anyone.
        CryptographicOperations.ZeroMemory(_segment);
        ArrayPool<byte>.Shared.Return(_segment);
    }

    private void WriteHeader()
    {
        Span<byte> header = stackalloc byte[4];
        header[0] = 0x04;
        if (_filled < 0x80)
        {
            header[1] = (byte)_filled;
            sink.Write(header[..2]);
        }
        else
        {
            header[1] = 0x82;
            BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)_filled);
            sink.Write(header);
        }
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Cstp.Core.Mime;

/// <summary>
/// A temporary file without a name: blocks of 64 KiB in AES-256-GCM under a key that exists only in this object, the block's
/// number as nonce. Written once in order, then read by any number of readers.
/// </summary>
internal sealed class SpoolFile : IDisposable
{
    private const int BlockSize = 64 * 1024;
    private const int TagSize = 16;
    private const int SealedSize = TagSize + BlockSize;

    private readonly string _folder;
    private readonly SafeFileHandle _handle;
    private readonly AesGcm _cipher;
    private byte[]? _block = new byte[BlockSize];
    private int _used;
    private long _blocks;

    /// <summary>Makes the file.</summary>
    /// <param name="folder">Where.</param>
    /// <exception cref="SpoolException">It cannot be made.</exception>
    public SpoolFile(string folder)
    {
        _folder = folder;
        string path = Path.Combine(folder, $"cstp-spool-{Guid.NewGuid():N}");
        _handle = Guard(() =>
        {
            SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
            File.Delete(path);   // the name goes at once, the octets when the handle is closed, whatever happens to the process
            return handle;
        });
        Span<byte> key = stackalloc byte[32];
        RandomNumberGenerator.Fill(key);
        _cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
    }

    /// <summary>Adds octets.</summary>
    /// <param name="octets">The octets.</param>
    /// <exception cref="SpoolException">The disk is full.</exception>
    public void Write(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            int count = Math.Min(octets.Length, BlockSize - _used);
            octets[..count].CopyTo(_block.AsSpan(_used));
            _used += count;
            octets = octets[count..];
            if (_used == BlockSize)
                WriteBlock();
        }
    }

    /// <summary>Writes what is left.</summary>
    public void FinishWriting()
    {
        if (_used > 0)
            WriteBlock();
        CryptographicOperations.ZeroMemory(_block);
        _block = null;
    }

    /// <summary>Reads one block.</summary>
    /// <param name="number">Counted from zero.</param>
    /// <param name="content">Room for 64 KiB.</param>
    /// <returns>Octets read; 0 after the last block.</returns>
    /// <exception cref="SpoolException">The disk failed, or changed what was written.</exception>
    public int ReadBlock(long number, Span<byte> content)
    {
        if (number >= _blocks)
            return 0;
        byte[] sealedBlock = ArrayPool<byte>.Shared.Rent(SealedSize);
        try
        {
            int read = Guard(() => RandomAccess.Read(_handle, sealedBlock.AsSpan(0, SealedSize), number * SealedSize));
            if (read < TagSize)
                throw new SpoolException($"the spool file in {_folder} lost a block; look at the disk", new EndOfStreamException());
            Span<byte> nonce = stackalloc byte[12];
            BinaryPrimitives.WriteInt64LittleEndian(nonce, number);
            lock (_cipher)
                _cipher.Decrypt(nonce, sealedBlock.AsSpan(TagSize, read - TagSize), sealedBlock.AsSpan(0, TagSize), content[..(read - TagSize)]);
            return read - TagSize;
        }
        catch (CryptographicException e)
        {
            throw new SpoolException($"the spool file in {_folder} changed while it was held; look at the disk", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sealedBlock);
        }
    }

    /// <summary>Frees the disk.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        _cipher.Dispose();
    }

    private void WriteBlock()
    {
        byte[] sealedBlock = ArrayPool<byte>.Shared.Rent(SealedSize);
        try
        {
            Span<byte> nonce = stackalloc byte[12];
            BinaryPrimitives.WriteInt64LittleEndian(nonce, _blocks);
            int length = TagSize + _used;
            _cipher.Encrypt(nonce, _block.AsSpan(0, _used), sealedBlock.AsSpan(TagSize, _used), sealedBlock.AsSpan(0, TagSize));
            Guard(() =>
            {
                RandomAccess.Write(_handle, sealedBlock.AsSpan(0, length), _blocks * SealedSize);
                return true;
            });
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sealedBlock);
        }
        _blocks++;
        _used = 0;
    }

    private T Guard<T>(Func<T> access)
    {
        try
        {
            return access();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SpoolException($"cannot hold a message in {_folder}: {e.Message} Make room there, or set [spool] folder.", e);
        }
    }
}

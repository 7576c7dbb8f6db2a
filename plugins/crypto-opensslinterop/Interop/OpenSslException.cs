using System.Runtime.InteropServices;

namespace Cstp.CryptoOpenSslInterop.Interop;

/// <summary>libcrypto refused; the message is its own.</summary>
/// <param name="message">What was tried, and what it said.</param>
internal sealed class OpenSslException(string message) : Exception(message)
{
    /// <summary>Checks a return code.</summary>
    /// <param name="code">1 is success.</param>
    /// <param name="what">What was tried.</param>
    public static void ThrowUnless(int code, string what)
    {
        if (code != 1)
            throw Last(what);
    }

    /// <summary>Checks a handle.</summary>
    /// <typeparam name="T">The handle.</typeparam>
    /// <param name="handle">The handle; disposed where it is invalid.</param>
    /// <param name="what">What was tried.</param>
    public static T ThrowIfInvalid<T>(T handle, string what)
        where T : SafeHandle
    {
        if (!handle.IsInvalid)
            return handle;
        handle.Dispose();
        throw Last(what);
    }

    /// <summary>Takes the oldest error off the thread's queue, and clears it.</summary>
    /// <param name="what">What was tried.</param>
    public static unsafe OpenSslException Last(string what)
    {
        nuint error = LibCrypto.ERR_get_error();
        LibCrypto.ERR_clear_error();
        byte* text = stackalloc byte[256];
        LibCrypto.ERR_error_string_n(error, text, 256);
        return new OpenSslException($"{what}: {Marshal.PtrToStringUTF8((nint)text)}");
    }
}

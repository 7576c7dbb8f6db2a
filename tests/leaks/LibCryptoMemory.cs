using System.Runtime.InteropServices;

namespace Cstp.Leaks;

/// <summary>What libcrypto has allocated and not freed, counted exactly by allocations.c.</summary>
internal static partial class LibCryptoMemory
{
    private const string Library = "libcounting.so";

    /// <summary>Allocations that are not freed.</summary>
    public static long Live => counting_live();

    /// <summary>Begins to count.</summary>
    /// <exception cref="InvalidOperationException">libcrypto was used before.</exception>
    public static void Count()
    {
        if (counting_begin() != 1)
            throw new InvalidOperationException("libcrypto was used before its allocations are counted");
    }

    /// <summary>Lets finalizers run.</summary>
    public static void Settle()
    {
        for (int round = 0; round < 3; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    /// <summary>Lets one allocation fail.</summary>
    /// <param name="nth">Which from now on, from 1.</param>
    public static void FailOnce(long nth) => counting_fail(nth);

    /// <summary>Whether it did; from now on none fails.</summary>
    public static bool HasFailed() => counting_failed() != 0;

    [LibraryImport(Library)]
    private static partial int counting_begin();

    [LibraryImport(Library)]
    private static partial long counting_live();

    [LibraryImport(Library)]
    private static partial void counting_fail(long nth);

    [LibraryImport(Library)]
    private static partial int counting_failed();
}

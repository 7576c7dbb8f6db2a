namespace Cstp.Bench.Peers;

/// <summary>A private key and its certificate as PEM files.</summary>
/// <param name="Key">The key's file.</param>
/// <param name="Certificate">The certificate's file.</param>
internal sealed record KeyFiles(string Key, string Certificate);

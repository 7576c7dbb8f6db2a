namespace CryptoSample.Ber;

/// <summary>The message is broken; becomes a result and never leaves the module.</summary>
/// <param name="reason">What is wrong.</param>
internal sealed class MalformedException(string reason) : Exception(reason);

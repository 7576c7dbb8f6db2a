namespace Cstp.Core.Store;

/// <summary>The store, or a secret kept in a file, cannot be used; the message names the file, the cause and the mend.</summary>
/// <param name="message">For the administrator.</param>
/// <param name="cause">What was met, or null.</param>
internal sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);

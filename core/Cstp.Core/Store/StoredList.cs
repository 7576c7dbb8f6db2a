using Org.BouncyCastle.X509;

namespace Cstp.Core.Store;

/// <summary>A revocation list of the store.</summary>
/// <param name="Issuer">The authority's name.</param>
/// <param name="Source">The address that it came from, or <c>import</c>.</param>
/// <param name="Fetched">When it came.</param>
/// <param name="List">The list; nothing of it is verified.</param>
/// <param name="Row">Its row in the database: a list that takes the place of another has a new one. 0 before it is written.</param>
internal sealed record StoredList(string Issuer, string Source, DateTimeOffset Fetched, X509Crl List, long Row = 0);

namespace Cstp.Host.Configuration;

/// <summary>Finds the known word that an unknown one was probably meant to be.</summary>
internal static class NearestWord
{
    /// <summary>A hint for a message, or an empty text where nothing is near.</summary>
    /// <param name="word">The unknown word.</param>
    /// <param name="known">The known ones.</param>
    public static string Hint(string word, IReadOnlyCollection<string> known)
    {
        (string Word, int Distance) nearest = known.Select(candidate => (candidate, Distance(word, candidate))).OrderBy(pair => pair.Item2).FirstOrDefault(("", int.MaxValue));
        return nearest.Distance <= Math.Max(2, word.Length / 3) ? $"did you mean '{nearest.Word}'?"
            : known.Count == 0 ? "" : $"known: {string.Join(", ", known.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.</summary>
    private static int Distance(string one, string other)
    {
        int[,] cost = new int[one.Length + 1, other.Length + 1];
        for (int i = 0; i <= one.Length; i++)
            cost[i, 0] = i;
        for (int j = 0; j <= other.Length; j++)
            cost[0, j] = j;
        for (int i = 1; i <= one.Length; i++)
        {
            for (int j = 1; j <= other.Length; j++)
            {
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }
        return cost[one.Length, other.Length];
    }
}

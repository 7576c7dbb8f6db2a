using System.Text;

namespace Cstp.Host.Configuration;

/// <summary>How properties and enum members are written in the configuration file.</summary>
internal static class SettingNames
{
    /// <summary>A property's key: <c>MaxDepth</c> is <c>max_depth</c>.</summary>
    /// <param name="property">The property's name.</param>
    public static string Key(string property) => Split(property, '_', digits: false);

    /// <summary>An enum member's value: <c>Aes256Gcm</c> is <c>aes-256-gcm</c>.</summary>
    /// <param name="member">The member's name.</param>
    public static string Value(string member) => Split(member, '-', digits: true);

    /// <summary>Whether a text means an enum member; hyphens and underscores may stand anywhere between words.</summary>
    /// <param name="text">The text.</param>
    /// <param name="member">The member's name.</param>
    public static bool Means(string text, string member) =>
        text.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal) == member.ToLowerInvariant();

    private static string Split(string name, char separator, bool digits)
    {
        var split = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            bool begins = char.IsAsciiLetterUpper(name[i]) || digits && char.IsAsciiDigit(name[i]) && !char.IsAsciiDigit(name[i - 1]);
            if (i > 0 && begins)
                split.Append(separator);
            split.Append(char.ToLowerInvariant(name[i]));
        }
        return split.ToString();
    }
}

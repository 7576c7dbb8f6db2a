using System.Globalization;
using System.Net;

namespace Cstp.Host.Configuration;

/// <summary>Turns one value of the file into a setting's type. Each answers null with what is wrong in <c>problem</c>.</summary>
internal static class SettingValue
{
    private static readonly (string Unit, TimeSpan Length)[] Durations =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    private static readonly (string Unit, long Octets)[] Sizes = [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024)];

    /// <summary>Whether a type is read here, rather than as a table or a list.</summary>
    /// <param name="type">The setting's type.</param>
    public static bool IsSimple(Type type) =>
        type == typeof(string) || type == typeof(bool) || IsInteger(type) || type.IsEnum || type == typeof(TimeSpan) || type == typeof(IPEndPoint) || type == typeof(IPAddress);

    /// <summary>Reads a value.</summary>
    /// <param name="node">The value.</param>
    /// <param name="type">The setting's type.</param>
    /// <param name="problem">What is wrong, or null.</param>
    public static object? Read(TomlNode node, Type type, out string? problem)
    {
        problem = null;
        object? value = node switch
        {
            TomlNode.Text text when type == typeof(string) => text.Value,
            TomlNode.Boolean boolean when type == typeof(bool) => boolean.Value,
            TomlNode.Integer integer when IsInteger(type) => Fit(integer.Value, type),
            TomlNode.Text text when IsInteger(type) && Size(text.Value) is { } size => Fit(size, type),
            TomlNode.Text text when type.IsEnum => Enum.GetNames(type).Where(name => SettingNames.Means(text.Value, name)).Select(name => Enum.Parse(type, name)).FirstOrDefault(),
            TomlNode.Text text when type == typeof(TimeSpan) => Duration(text.Value),
            TomlNode.Text text when type == typeof(IPEndPoint) => EndPoint(text.Value),
            TomlNode.Text text when type == typeof(IPAddress) => IPAddress.TryParse(text.Value, out IPAddress? address) ? address : null,
            _ => null,
        };
        if (value is null)
            problem = node is TomlNode.Text wrong ? $"'{wrong.Value}' is not {Expected(type)}" : $"must be {Expected(type)}, not {node.Description}";
        return value;
    }

    /// <summary>Reads a duration such as <c>30s</c>.</summary>
    /// <param name="text">The text.</param>
    public static TimeSpan? Duration(string text)
    {
        foreach ((string unit, TimeSpan length) in Durations)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                && count * length.TotalDays < 100_000)
            {
                return count * length;
            }
        }
        return null;
    }

    private static long? Size(string text)
    {
        foreach ((string unit, long octets) in Sizes)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            {
                return count * octets;
            }
        }
        return null;
    }

    /// <summary>An address with its port; the port must be written.</summary>
    private static IPEndPoint? EndPoint(string text)
    {
        int colon = text.LastIndexOf(':');
        bool hasPort = colon > 0 && (text[colon - 1] == ']' || text.IndexOf(':', StringComparison.Ordinal) == colon);
        return hasPort && IPEndPoint.TryParse(text, out IPEndPoint? endPoint) ? endPoint : null;
    }

    private static object? Fit(long value, Type type)
    {
        try
        {
            return Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static bool IsInteger(Type type) => Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.UInt64 && !type.IsEnum;

    private static string Expected(Type type) =>
        type == typeof(string) ? "a string in quotes"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a duration like \"30s\", \"5m\", \"2h\" or \"500ms\""
        : type == typeof(IPEndPoint) ? "an address with port like \"127.0.0.1:2525\" or \"[::1]:2525\""
        : type == typeof(IPAddress) ? "an IP address"
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(name => $"\"{SettingNames.Value(name)}\""))}"
        : "an integer, or a size like \"64KiB\"";
}

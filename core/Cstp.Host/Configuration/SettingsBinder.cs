using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Cstp.Host.Configuration;

/// <summary>Fills settings classes from the file, and finds every mistake on the way.</summary>
/// <param name="mistakes">Receives them.</param>
internal sealed class SettingsBinder(Mistakes mistakes)
{
    /// <summary>Fills a settings class.</summary>
    /// <param name="type">The class; it has a constructor without parameters.</param>
    /// <param name="table">The section; one that is not there is empty.</param>
    /// <param name="section">The section's name.</param>
    /// <returns>The object; it has defaults where there were mistakes.</returns>
    public object Bind(Type type, TomlNode.Table table, string section) => Bind(type, table, section, "");

    /// <summary>Reports every key of a section that nothing reads.</summary>
    /// <param name="table">The section.</param>
    /// <param name="section">Its name.</param>
    public void RefuseKeys(TomlNode.Table table, string section)
    {
        foreach ((string key, TomlNode node) in table.Items)
            mistakes.Add(node.Line, section, key, "unknown key; this module has no settings. Remove it.");
    }

    private object Bind(Type type, TomlNode.Table table, string section, string prefix)
    {
        object target = Activator.CreateInstance(type)!;
        Dictionary<string, PropertyInfo> properties = type.GetProperties().Where(property => property.SetMethod is { IsPublic: true } && property.GetIndexParameters().Length == 0)
            .ToDictionary(property => SettingNames.Key(property.Name));
        foreach ((string key, TomlNode node) in table.Items)
        {
            if (properties.TryGetValue(key, out PropertyInfo? property))
                Set(target, property, node, section, prefix + key);
            else
                mistakes.Add(node.Line, section, prefix + key, $"unknown key; {NearestWord.Hint(key, properties.Keys)}");
        }
        foreach ((string key, PropertyInfo property) in properties)
        {
            if (!table.Items.ContainsKey(key) && property.GetCustomAttribute<RequiredMemberAttribute>() is not null)
                mistakes.Add(table.Line, section, prefix + key, "must be given");
        }
        if (target is IValidatableObject validatable)
        {
            foreach (ValidationResult result in validatable.Validate(new ValidationContext(target)))
            {
                string? member = result.MemberNames.FirstOrDefault() is { } name ? SettingNames.Key(name) : null;
                int line = member is not null && table.Items.TryGetValue(member, out TomlNode? node) ? node.Line : table.Line;
                mistakes.Add(line, section, member is null ? prefix.TrimEnd('.') is { Length: > 0 } whole ? whole : null : prefix + member, result.ErrorMessage ?? "is wrong");
            }
        }
        return target;
    }

    private void Set(object target, PropertyInfo property, TomlNode node, string section, string key)
    {
        object? value = Read(property.PropertyType, node, section, key);
        if (value is null)
            return;
        property.SetValue(target, value);
        foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (!rule.IsValid(value))
                mistakes.Add(node.Line, section, key, Message(rule, key));
        }
    }

    private static string Message(ValidationAttribute rule, string key) => rule switch
    {
        RangeAttribute range => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"must be between {range.Minimum} and {range.Maximum}"),
        _ => rule.FormatErrorMessage(key),
    };

    private object? Read(Type declared, TomlNode node, string section, string key)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (SettingValue.IsSimple(type))
        {
            object? value = SettingValue.Read(node, type, out string? problem);
            if (problem is not null)
                mistakes.Add(node.Line, section, key, problem);
            return value;
        }
        if (ItemType(type) is { } itemType)
            return ReadList(type, itemType, node, section, key);
        if (node is TomlNode.Table table)
            return Bind(type, table, section, key + ".");
        mistakes.Add(node.Line, section, key, $"must be a table like {{ key = value }}, not {node.Description}");
        return null;
    }

    private object? ReadList(Type type, Type itemType, TomlNode node, string section, string key)
    {
        if (node is not TomlNode.List list)
        {
            mistakes.Add(node.Line, section, key, $"must be a list in [ ], not {node.Description}");
            return null;
        }
        var items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(itemType))!;
        foreach (TomlNode item in list.Items)
        {
            if (Read(itemType, item, section, key) is { } value)
                items.Add(value);
        }
        if (!type.IsArray)
            return items;
        var array = Array.CreateInstance(itemType, items.Count);
        items.CopyTo(array, 0);
        return array;
    }

    private static Type? ItemType(Type type)
    {
        if (type.IsArray)
            return type.GetElementType();
        return type.IsGenericType && type.IsAssignableFrom(typeof(List<>).MakeGenericType(type.GetGenericArguments()[0])) && type.GetGenericArguments().Length == 1
            ? type.GetGenericArguments()[0]
            : null;
    }
}

namespace Cstp.Abstractions;

/// <summary>Marks an assembly as a plugin: <c>[assembly: CstpPlugin("crypto-acme", Contract = 1)]</c>.</summary>
/// <remarks>
/// Read from the assembly's metadata without loading its code. An assembly without this mark is a
/// dependency of some plugin, never a plugin.
/// </remarks>
/// <param name="name">
/// The plugin's and its modules' name in the configuration: lower-case ASCII letters, digits and
/// hyphens, at most 64, beginning with a letter.
/// </param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class CstpPluginAttribute(string name) : Attribute
{
    /// <summary>The contract version that this build of the host speaks.</summary>
    public const int CurrentContract = 1;

    /// <summary>The plugin's name, by which the configuration selects it.</summary>
    public string Name { get; } = name;

    /// <summary>The contract version that the plugin was written for. Must equal the host's <see cref="CurrentContract"/>.</summary>
    public int Contract { get; set; }

    /// <summary>
    /// Which of several plugins a new configuration names: the one of the highest preference that can be used here, by name where
    /// they are equal. An existing configuration is never changed by it. Default 0.
    /// </summary>
    public int Preference { get; set; }
}

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Cstp.Abstractions;

namespace Cstp.Core.Plugins;

/// <summary>What a library's metadata says, read without loading its code.</summary>
/// <param name="Name">The name in the mark, or null where there is no mark.</param>
/// <param name="Contract">The contract version in the mark.</param>
/// <param name="Preference">The preference in the mark.</param>
/// <param name="Provides">The kinds of module that its classes implement.</param>
internal sealed record PluginMetadata(string? Name, int Contract, int Preference, IReadOnlyList<string> Provides)
{
    /// <summary>Reads a library.</summary>
    /// <param name="path">Its file.</param>
    /// <returns>Null where the file is no .NET library.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static PluginMetadata? Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        try
        {
            using var image = new PEReader(stream);
            if (!image.HasMetadata)
                return null;
            MetadataReader reader = image.GetMetadataReader();
            if (!reader.IsAssembly)
                return null;
            foreach (CustomAttributeHandle handle in reader.GetAssemblyDefinition().GetCustomAttributes())
            {
                CustomAttribute attribute = reader.GetCustomAttribute(handle);
                if (!IsMark(reader, attribute))
                    continue;
                CustomAttributeValue<string> value = attribute.DecodeValue(TypeNames.Instance);
                return new(
                    value.FixedArguments.Length > 0 ? value.FixedArguments[0].Value as string : null,
                    Number(value, nameof(CstpPluginAttribute.Contract)),
                    Number(value, nameof(CstpPluginAttribute.Preference)),
                    ProvidedKinds(reader));
            }
            return new(null, 0, 0, []);
        }
        catch (Exception broken) when (broken is BadImageFormatException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    private static int Number(CustomAttributeValue<string> mark, string name) =>
        mark.NamedArguments.FirstOrDefault(argument => argument.Name == name).Value as int? ?? 0;

    private static bool IsMark(MetadataReader reader, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
            return false;
        EntityHandle parent = reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        return FullName(reader, parent) == typeof(CstpPluginAttribute).FullName;
    }

    private static List<string> ProvidedKinds(MetadataReader reader)
    {
        var implemented = new HashSet<string>();
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            if ((type.Attributes & (System.Reflection.TypeAttributes.Interface | System.Reflection.TypeAttributes.Abstract)) != 0)
                continue;
            // Up through base classes of the same library; interfaces of foreign base classes are seen once it is loaded.
            for (int depth = 0; depth < 32; depth++)
            {
                foreach (InterfaceImplementationHandle implementation in type.GetInterfaceImplementations())
                    implemented.Add(FullName(reader, reader.GetInterfaceImplementation(implementation).Interface));
                if (type.BaseType.IsNil || type.BaseType.Kind != HandleKind.TypeDefinition)
                    break;
                type = reader.GetTypeDefinition((TypeDefinitionHandle)type.BaseType);
            }
        }
        return [.. ModuleContract.All.Where(contract => implemented.Contains(contract.Type.FullName!)).Select(contract => contract.Word)];
    }

    private static string FullName(MetadataReader reader, EntityHandle handle)
    {
        if (handle.Kind != HandleKind.TypeReference)
            return "";
        TypeReference type = reader.GetTypeReference((TypeReferenceHandle)handle);
        return $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }

    /// <summary>Enough of types to decode a mark: a string and an integer.</summary>
    private sealed class TypeNames : ICustomAttributeTypeProvider<string>
    {
        public static readonly TypeNames Instance = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => "System.Type";

        public string GetSZArrayType(string elementType) => $"{elementType}[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => "";

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => FullName(reader, handle);

        public string GetTypeFromSerializedName(string name) => name;

        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;

        public bool IsSystemType(string type) => type == "System.Type";
    }
}

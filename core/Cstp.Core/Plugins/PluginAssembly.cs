using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using Cstp.Abstractions;
using McMaster.NETCore.Plugins;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Plugins;

/// <summary>Loads a plugin's library in isolation and brings the faults to light that would else show at the first call.</summary>
internal static class PluginAssembly
{
    /// <summary>One type of each assembly that host and plugins share.</summary>
    public static IReadOnlyList<Type> SharedTypes { get; } = [typeof(ICmsEnveloper), typeof(IServiceCollection), typeof(ILogger)];

    /// <summary>Loads it with everything that it references.</summary>
    /// <param name="path">The library.</param>
    /// <exception cref="PluginException">It, or something it needs, cannot be loaded or does not fit the contracts.</exception>
    public static Assembly Load(string path)
    {
        Assembly assembly;
        try
        {
            PluginLoader loader = PluginLoader.CreateFromAssemblyFile(path, [.. SharedTypes], config => config.IsUnloadable = false);
            assembly = loader.LoadDefaultAssembly();
        }
        catch (Exception broken) when (broken is BadImageFormatException or IOException)
        {
            throw new PluginException($"the library cannot be loaded ({broken.Message}). Copy it anew.", broken);
        }
        // Dependencies come first: a type whose base is missing says less than the missing file's name.
        LoadReferences(assembly, []);
        CheckSharing(AssemblyLoadContext.GetLoadContext(assembly)!);
        LoadTypes(assembly);
        CheckContractReferences(assembly, path);
        return assembly;
    }

    private static void LoadReferences(Assembly assembly, HashSet<string> seen)
    {
        AssemblyLoadContext context = AssemblyLoadContext.GetLoadContext(assembly)!;
        foreach (AssemblyName reference in assembly.GetReferencedAssemblies().Where(reference => seen.Add(reference.FullName)))
        {
            Assembly loaded;
            try
            {
                loaded = context.LoadFromAssemblyName(reference);
            }
            catch (Exception missing) when (missing is IOException or BadImageFormatException)
            {
                throw Missing(assembly, reference, missing);
            }
            if (AssemblyLoadContext.GetLoadContext(loaded) == context)
                LoadReferences(loaded, seen);
            else if (!IsPlatform(loaded) && !SharedTypes.Any(type => type.Assembly == loaded))
                throw Missing(assembly, reference, null);   // What the host uses itself is no part of the contract, and changes with it.
        }
    }

    private static bool IsPlatform(Assembly assembly) =>
        Path.GetDirectoryName(assembly.Location) == Path.GetDirectoryName(typeof(object).Assembly.Location);

    private static PluginException Missing(Assembly assembly, AssemblyName reference, Exception? cause) => new(
        $"the dependency {reference.Name} {reference.Version}, which {assembly.GetName().Name} needs, is missing or damaged. Copy the whole plugin with all its files into a folder of its own.", cause);

    private static void CheckSharing(AssemblyLoadContext context)
    {
        foreach (AssemblyName shared in SharedTypes.Select(type => type.Assembly.GetName()))
        {
            if (context.Assemblies.Any(own => own.GetName().Name == shared.Name))
                throw new PluginException($"it loads its own copy of {shared.Name}, which the host shares with all plugins. Delete that file (authors: reference it with ExcludeAssets=\"runtime\").");
        }
    }

    private static void LoadTypes(Assembly assembly)
    {
        try
        {
            assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException broken)
        {
            string first = broken.LoaderExceptions.FirstOrDefault(cause => cause is not null)?.Message ?? broken.Message;
            throw new PluginException($"it does not fit the contracts of this CSTP: {first} Install a build for this version.", broken);
        }
    }

    /// <summary>A member that the plugin calls and this build's contracts lack would show at the call alone.</summary>
    private static void CheckContractReferences(Assembly assembly, string path)
    {
        using var image = new PEReader(File.OpenRead(path));
        MetadataReader reader = image.GetMetadataReader();
        string contracts = typeof(ICmsEnveloper).Assembly.GetName().Name!;
        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference)
                continue;
            TypeReference type = reader.GetTypeReference((TypeReferenceHandle)member.Parent);
            if (type.ResolutionScope.Kind != HandleKind.AssemblyReference
                || reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) != contracts)
            {
                continue;
            }
            try
            {
                assembly.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle));
            }
            catch (Exception missing) when (missing is MissingMemberException or TypeLoadException or ArgumentException)
            {
                throw new PluginException($"it uses {reader.GetString(type.Name)}.{reader.GetString(member.Name)}, which the contracts of this CSTP do not have. Install a build for this version.", missing);
            }
        }
    }
}

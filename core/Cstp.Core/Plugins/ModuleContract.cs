using Cstp.Abstractions;

namespace Cstp.Core.Plugins;

/// <summary>A kind of module.</summary>
/// <param name="Word">What it is called in configuration and reports.</param>
/// <param name="Type">The contract.</param>
internal sealed record ModuleContract(string Word, Type Type)
{
    /// <summary>Crypto modules.</summary>
    public static ModuleContract Crypto { get; } = new("crypto", typeof(ICmsEnveloper));

    /// <summary>Recipient policies.</summary>
    public static ModuleContract Policy { get; } = new("policy", typeof(IRecipientPolicy));

    /// <summary>Network modes.</summary>
    public static ModuleContract Network { get; } = new("network", typeof(INetworkMode));

    /// <summary>SMTP interceptors.</summary>
    public static ModuleContract Interceptor { get; } = new("interceptor", typeof(ISmtpInterceptor));

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<ModuleContract> All { get; } = [Crypto, Policy, Network, Interceptor];
}

using Cstp.Abstractions;

namespace Cstp.Core.Plugins;

/// <summary>The modules that the configuration selected, constructed and ready.</summary>
/// <param name="Crypto">The crypto module.</param>
/// <param name="CryptoName">Its plugin's name.</param>
/// <param name="Policy">The recipient policy.</param>
/// <param name="PolicyName">Its plugin's name.</param>
/// <param name="Network">The network mode.</param>
/// <param name="NetworkName">Its plugin's name.</param>
/// <param name="Interceptors">The interceptors in their order.</param>
internal sealed record SelectedModules(
    ICmsEnveloper Crypto,
    string CryptoName,
    IRecipientPolicy Policy,
    string PolicyName,
    INetworkMode Network,
    string NetworkName,
    IReadOnlyList<SelectedInterceptor> Interceptors);

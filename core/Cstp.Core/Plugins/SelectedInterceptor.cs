using Cstp.Abstractions;

namespace Cstp.Core.Plugins;

/// <summary>An interceptor that the configuration selected.</summary>
/// <param name="Name">Its plugin's name.</param>
/// <param name="Interceptor">The interceptor.</param>
internal sealed record SelectedInterceptor(string Name, ISmtpInterceptor Interceptor);

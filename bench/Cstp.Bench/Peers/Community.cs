using Cstp.EndToEnd.Harness;

namespace Cstp.Bench.Peers;

/// <summary>Two boxes that trust each other: amd's, which secures, and intel's, which opens. One crypto module, one type of key.</summary>
internal sealed class Community : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    private Community(BoxProcess amd, BoxProcess intel)
    {
        Amd = amd;
        Intel = intel;
    }

    /// <summary>Secures what comes in on its inside.</summary>
    public BoxProcess Amd { get; }

    /// <summary>Opens what comes in on its outside.</summary>
    public BoxProcess Intel { get; }

    /// <summary>amd's key.</summary>
    public KeyFiles AmdKey => Files("amd");

    /// <summary>intel's key.</summary>
    public KeyFiles IntelKey => Files("intel");

    /// <summary>Makes and starts both.</summary>
    /// <param name="module">The crypto module.</param>
    /// <param name="key">The type of key, as <c>cstp init</c> calls it.</param>
    /// <param name="server">Port of the server behind both.</param>
    public static async Task<Community> StartAsync(string module, string key, int server)
    {
        BoxProcess amd = await BoxProcess.InitAsync("amd.test", server, server, "--key", key), intel = await BoxProcess.InitAsync("intel.test", server, server, "--key", key);
        var community = new Community(amd, intel);
        foreach (BoxProcess box in new[] { amd, intel })
            box.Select("crypto", module);
        await amd.TrustAsync(intel);
        await intel.TrustAsync(amd);
        foreach ((BoxProcess box, string name) in new[] { (amd, "amd"), (intel, "intel") })
            await box.CommandAsync("keys", "export", "gateway", "--format", "pem", "--out", community._folder.Of(name + ".pem"));
        await Task.WhenAll(amd.StartAsync(), intel.StartAsync());
        return community;
    }

    /// <summary>A message of amd's for intel, secured, with line ends as <c>smtp-source -F</c> wants them.</summary>
    /// <param name="plain">The message's file.</param>
    /// <returns>The file made.</returns>
    public async Task<string> SecureAsync(string plain)
    {
        string secured = _folder.Of(Path.GetFileName(plain) + ".secured");
        await Amd.CommandAsync("message", "secure", "--sender", "juro@amd.test", "--recipient", "anna@intel.test", "--in", plain, "--out", secured);
        await File.WriteAllTextAsync(secured, (await File.ReadAllTextAsync(secured)).Replace("\r\n", "\n", StringComparison.Ordinal));
        return secured;
    }

    public async ValueTask DisposeAsync()
    {
        await Amd.DisposeAsync();
        await Intel.DisposeAsync();
        _folder.Dispose();
    }

    private KeyFiles Files(string name) => new(_folder.Of(name + ".pem"), _folder.Of(name + ".pem"));
}

using System.Text.Json;
using Cstp.EndToEnd.Harness;

namespace Cstp.EndToEnd.Live;

public sealed class DemoTests
{
    [Theory]
    [InlineData]
    [InlineData("--crypto", "crypto-bouncycastle")]
    [InlineData("--crypto", "crypto-opensslinterop", "--crypto", "crypto-bouncycastle")]
    public async Task The_demo_shows_every_message_sealed_on_the_wire_and_equal_on_arrival(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        string target = Path.Combine(folder.Path, "demo");
        Command demo = await Command.TryAsync(TimeSpan.FromMinutes(2), Installation.Program, ["demo", "--json", "--dir", target, .. arguments]);
        Assert.True(demo.Status == 0, demo.Output + demo.Error);
        using JsonDocument report = JsonDocument.Parse(demo.Output);
        Assert.True(report.RootElement.GetProperty("ok").GetBoolean());
        JsonElement[] messages = [.. report.RootElement.GetProperty("messages").EnumerateArray()];
        Assert.Equal(7, messages.Length);
        Assert.All(messages, m => Assert.True(m.GetProperty("octetEqual").GetBoolean()));
        Assert.Contains(messages, m => m.GetProperty("size").GetInt64() > 20_000_000);
        JsonElement clear = Assert.Single(messages, m => m.GetProperty("wire").GetProperty("layers").GetArrayLength() == 0);
        Assert.Equal("guest@elsewhere.test", clear.GetProperty("recipients")[0].GetString());
        Assert.True(File.Exists(Path.Combine(target, "amd", "cstp.toml")));
        Assert.True(File.Exists(Path.Combine(target, "messages", "1-wire-1.eml")));
    }
}

using System.Reflection;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

public sealed class PluginMarkTests
{
    [Fact]
    public void The_module_is_marked_with_its_folders_name_and_the_current_contract()
    {
        var mark = Assembly.Load("crypto-bouncycastle").GetCustomAttribute<CstpPluginAttribute>();
        Assert.NotNull(mark);
        Assert.Equal("crypto-bouncycastle", mark.Name);
        Assert.Equal(CstpPluginAttribute.CurrentContract, mark.Contract);
    }
}

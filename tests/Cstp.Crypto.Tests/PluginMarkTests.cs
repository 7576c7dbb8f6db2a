using System.Reflection;
using Cstp.Abstractions;

namespace Cstp.Crypto.Tests;

public sealed class PluginMarkTests
{
    [Theory]
    [InlineData("crypto-bouncycastle")]
    [InlineData("crypto-opensslinterop")]
    public void A_module_is_marked_with_its_folders_name_and_the_current_contract(string name)
    {
        var mark = Assembly.Load(name).GetCustomAttribute<CstpPluginAttribute>();
        Assert.NotNull(mark);
        Assert.Equal(name, mark.Name);
        Assert.Equal(CstpPluginAttribute.CurrentContract, mark.Contract);
    }
}

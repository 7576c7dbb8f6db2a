using System.Text;
using Cstp.CryptoBouncyCastle;
using Cstp.CryptoOpenSslInterop;

namespace Cstp.Fuzz.Targets;

/// <summary>A parser with what must be true of it for any input.</summary>
internal abstract class FuzzTarget
{
    /// <summary>The target that is no parser, and in which something must be found.</summary>
    public const string Planted = "planted";

    private static readonly Dictionary<string, Func<FuzzFolder, FuzzTarget>> s_targets = new()
    {
        ["bouncycastle-decrypt"] = folder => new DecryptTarget(new BouncyCastleEnveloper(), folder.Keys()),
        ["bouncycastle-verify"] = folder => new VerifyTarget(new BouncyCastleEnveloper(), folder.Keys()),
        ["bouncycastle-detached"] = folder => new DetachedTarget(new BouncyCastleEnveloper(), folder.Keys()),
        ["openssl-decrypt"] = folder => new DecryptTarget(new OpenSslEnveloper(), folder.Keys()),
        ["openssl-verify"] = folder => new VerifyTarget(new OpenSslEnveloper(), folder.Keys()),
        ["openssl-detached"] = folder => new DetachedTarget(new OpenSslEnveloper(), folder.Keys()),
        ["smtp"] = _ => new SmtpTarget(),
        ["mime"] = _ => new MimeTarget(),
        [Planted] = _ => new PlantedTarget(),
    };

    /// <summary>All targets.</summary>
    public static IEnumerable<string> Names => s_targets.Keys;

    /// <summary>Those that are parsers.</summary>
    public static IEnumerable<string> Parsers => Names.Where(name => name != Planted);

    /// <summary>Makes one ready.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where the keys are.</param>
    public static FuzzTarget Open(string name, FuzzFolder folder) =>
        s_targets.TryGetValue(name, out Func<FuzzFolder, FuzzTarget>? open) ? open(folder) : throw new ArgumentException($"no target {name}; there are {string.Join(", ", Names)}");

    /// <summary>Gives the parser an input. Any exception that leaves is a finding.</summary>
    /// <param name="input">The octets.</param>
    public abstract void Take(byte[] input);

    /// <summary>Where the search begins.</summary>
    public abstract IEnumerable<(string Name, byte[] Octets)> Seeds();

    /// <summary>Words that mutation alone hardly finds.</summary>
    public abstract IEnumerable<byte[]> Dictionary();

    protected static byte[] Octets(string text) => Encoding.Latin1.GetBytes(text);
}

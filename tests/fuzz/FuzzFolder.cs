using Cstp.Abstractions;
using Cstp.Conformance.Forging;
using Cstp.Fuzz.Targets;

namespace Cstp.Fuzz;

/// <summary>The folder of a run: FOLDER/identities, and FOLDER/TARGET with seeds and dictionary.</summary>
/// <param name="path">The folder.</param>
internal sealed class FuzzFolder(string path)
{
    private static readonly string[] s_identities = ["rsa", "pss", "p256", "p384", "p521", "ed25519", "x25519", CmsAlgorithmNames.MlDsa44, CmsAlgorithmNames.MlKem512];

    /// <summary>The keys that the seeds were made with.</summary>
    public IReadOnlyList<CmsIdentity> Keys() =>
        [.. s_identities.Select(name => new CmsIdentity(
            new EncodedCertificate(File.ReadAllBytes(Identity(path, name, "cer"))), new Pkcs8PrivateKey(File.ReadAllBytes(Identity(path, name, "p8")))))];

    /// <summary>Writes keys, seeds and dictionaries.</summary>
    /// <param name="path">The folder; made where it is not there.</param>
    public static void Make(string path)
    {
        Directory.CreateDirectory(Path.Combine(path, "identities"));
        foreach (string name in s_identities)
        {
            CmsIdentity identity = TestIdentities.ByName(name);
            File.WriteAllBytes(Identity(path, name, "cer"), identity.Certificate.Der.ToArray());
            File.WriteAllBytes(Identity(path, name, "p8"), ((Pkcs8PrivateKey)identity.PrivateKey).Der.ToArray());
        }
        foreach (string name in FuzzTarget.Names)
        {
            FuzzTarget target = FuzzTarget.Open(name, new FuzzFolder(path));
            string seeds = Directory.CreateDirectory(Path.Combine(path, name, "seeds")).FullName;
            foreach ((string seed, byte[] octets) in target.Seeds())
            {
                target.Take(octets);
                File.WriteAllBytes(Path.Combine(seeds, seed), octets);
            }
            File.WriteAllLines(Path.Combine(path, name, "dictionary"), target.Dictionary().Select((word, number) => $"word{number}=\"{Escape(word)}\""));
        }
    }

    private static string Identity(string path, string name, string kind) => Path.Combine(path, "identities", $"{name}.{kind}");

    private static string Escape(byte[] word) => string.Concat(word.Select(octet => $"\\x{octet:x2}"));
}

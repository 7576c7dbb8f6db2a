using System.Security.Cryptography;
using Cstp.Abstractions;
using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust;

/// <summary>A certificate made for one test, with whatever is wrong with it.</summary>
internal sealed record TestCertificate
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lazy<EncodedCertificate> _encoded;

    public TestCertificate() => _encoded = new(Issue);

    private TestCertificate(TestCertificate original)
    {
        (Subject, Names, Issuer, NotBefore, NotAfter) = (original.Subject, original.Names, original.Issuer, original.NotBefore, original.NotAfter);
        (Usage, Purpose, IsAuthority, PathLength) = (original.Usage, original.Purpose, original.IsAuthority, original.PathLength);
        (PermittedAddresses, Extensions, ForcedKey, Pkcs8) = (original.PermittedAddresses, original.Extensions, original.ForcedKey, original.Pkcs8);
        _encoded = new(Issue);
    }

    public static DateTimeOffset Now => Start.AddDays(100);

    public string Subject { get; init; } = "CN=test";
    public IReadOnlyList<GeneralName> Names { get; init; } = [];
    public TestCertificate? Issuer { get; init; }
    public DateTimeOffset NotBefore { get; init; } = Start;
    public DateTimeOffset NotAfter { get; init; } = Start.AddYears(1);
    public int? Usage { get; init; }
    public KeyPurposeID? Purpose { get; init; }
    public bool IsAuthority { get; init; }
    public int? PathLength { get; init; }
    public string? PermittedAddresses { get; init; }
    public IReadOnlyList<(string Oid, bool Critical, Asn1Encodable Value)> Extensions { get; init; } = [];
    public SubjectPublicKeyInfo? ForcedKey { get; init; }
    public byte[] Pkcs8 { get; init; } = NewKey();

    public EncodedCertificate Encoded => _encoded.Value;

    public CmsIdentity Identity => new(Encoded, new Pkcs8PrivateKey(Pkcs8));

    public static TestCertificate Of(string address) => new() { Subject = "CN=someone", Names = [new GeneralName(GeneralName.Rfc822Name, address)] };

    public static TestCertificate Authority(string name) => new() { Subject = $"CN={name}", IsAuthority = true };

    public StoredCertificate Stored(CertificateRole role, string subject, TrustState state = TrustState.Trusted, params string[] capabilities) =>
        new(Encoded, role, subject, state, Start, "test", capabilities);

    private static Asn1SignatureFactory SignatureFactory(AsymmetricKeyParameter key) => new(PrivateKeys.SignatureAlgorithmOf(key), key);

    private static byte[] NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKey();
    }

    private EncodedCertificate Issue()
    {
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(new BigInteger(1, RandomNumberGenerator.GetBytes(8)));
        generator.SetSubjectDN(new X509Name(Subject));
        generator.SetIssuerDN(new X509Name((Issuer ?? this).Subject));
        generator.SetNotBefore(NotBefore.UtcDateTime);
        generator.SetNotAfter(NotAfter.UtcDateTime);
        generator.SetSubjectPublicKeyInfo(ForcedKey ?? PrivateKeys.PublicKeyOf(Pkcs8));
        if (Names.Count > 0)
            generator.AddExtension(X509Extensions.SubjectAlternativeName, false, new GeneralNames([.. Names]));
        if (Usage is { } usage)
            generator.AddExtension(X509Extensions.KeyUsage, true, new KeyUsage(usage));
        if (Purpose is not null)
            generator.AddExtension(X509Extensions.ExtendedKeyUsage, true, new ExtendedKeyUsage(Purpose));
        if (IsAuthority)
            generator.AddExtension(X509Extensions.BasicConstraints, true, PathLength is { } length ? new BasicConstraints(length) : new BasicConstraints(true));
        if (PermittedAddresses is not null)
            generator.AddExtension(X509Extensions.NameConstraints, true, new NameConstraints(new GeneralSubtrees(new GeneralSubtree(new GeneralName(GeneralName.Rfc822Name, PermittedAddresses))), null));
        foreach ((string oid, bool critical, Asn1Encodable value) in Extensions)
            generator.AddExtension(new DerObjectIdentifier(oid), critical, value);
        return new(generator.Generate(SignatureFactory(PrivateKeys.Read((Issuer ?? this).Pkcs8))).GetEncoded());
    }
}

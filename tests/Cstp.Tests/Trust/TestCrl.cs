using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust;

/// <summary>A revocation list made for one test.</summary>
internal sealed record TestCrl(TestCertificate Issuer, DateTimeOffset ThisUpdate)
{
    public DateTimeOffset? NextUpdate { get; init; } = ThisUpdate.AddDays(7);
    public int Reason { get; init; } = CrlReason.KeyCompromise;
    public DateTimeOffset? RevokedAt { get; init; }
    public IReadOnlyList<TestCertificate> Revoked { get; init; } = [];

    /// <summary>Whose certificates an indirect list revokes.</summary>
    public TestCertificate? EntryIssuer { get; init; }

    public IReadOnlyList<(string Oid, bool Critical, Asn1Encodable Value)> Extensions { get; init; } = [];

    /// <summary>Whose key signs it, where that is not the issuer's.</summary>
    public TestCertificate? Signer { get; init; }

    public X509Crl Issue()
    {
        var generator = new X509V2CrlGenerator();
        generator.SetIssuerDN(new X509Name(Issuer.Subject));
        generator.SetThisUpdate(ThisUpdate.UtcDateTime);
        if (NextUpdate is { } next)
            generator.SetNextUpdate(next.UtcDateTime);
        foreach (TestCertificate revoked in Revoked)
            generator.AddCrlEntry(new X509Certificate(revoked.Encoded.Der.ToArray()).SerialNumber, (RevokedAt ?? ThisUpdate).UtcDateTime, EntryExtensions());
        foreach ((string oid, bool critical, Asn1Encodable value) in Extensions)
            generator.AddExtension(new DerObjectIdentifier(oid), critical, value);
        AsymmetricKeyParameter key = PrivateKeys.Read((Signer ?? Issuer).Pkcs8);
        return generator.Generate(new Asn1SignatureFactory(PrivateKeys.SignatureAlgorithmOf(key), key));
    }

    private X509Extensions EntryExtensions()
    {
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(X509Extensions.ReasonCode, false, new CrlReason(Reason));
        if (EntryIssuer is not null)
            extensions.AddExtension(X509Extensions.CertificateIssuer, true, new GeneralNames(new GeneralName(new X509Name(EntryIssuer.Subject))));
        return extensions.Generate();
    }
}

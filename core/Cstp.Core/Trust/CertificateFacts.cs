using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cstp.Abstractions;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;

namespace Cstp.Core.Trust;

/// <summary>What a certificate says, read once; nothing of it is verified.</summary>
/// <remarks>Immutable and safe for all threads.</remarks>
internal sealed class CertificateFacts
{
    private static readonly HashSet<string> s_understoodExtensions =
    [
        X509Extensions.SubjectKeyIdentifier.Id, X509Extensions.KeyUsage.Id, X509Extensions.SubjectAlternativeName.Id,
        X509Extensions.IssuerAlternativeName.Id, X509Extensions.BasicConstraints.Id, X509Extensions.NameConstraints.Id,
        X509Extensions.CrlDistributionPoints.Id, X509Extensions.CertificatePolicies.Id, X509Extensions.PolicyMappings.Id,
        X509Extensions.AuthorityKeyIdentifier.Id, X509Extensions.PolicyConstraints.Id, X509Extensions.ExtendedKeyUsage.Id,
        X509Extensions.InhibitAnyPolicy.Id,
    ];

    private readonly string? _problem;
    private readonly int? _keyUsage;
    private string? _subjectText;
    private string? _issuerText;

    private CertificateFacts(EncodedCertificate certificate, string problem)
    {
        Certificate = certificate;
        _problem = problem;
        Key = new(PublicKeyKind.Unknown, 0, problem);
        Addresses = CertificateAddresses.None;
    }

    private CertificateFacts(EncodedCertificate certificate, X509CertificateStructure structure)
    {
        TbsCertificateStructure tbs = structure.TbsCertificate;
        X509Extensions? extensions = tbs.Extensions;
        Certificate = certificate;
        Subject = tbs.Subject;
        Issuer = tbs.Issuer;
        IssuerAndSerial = SignerKey(tbs.Issuer.GetEncoded(Asn1Encodable.Der), tbs.SerialNumber.Value.ToByteArray());
        SerialNumber = Convert.ToHexStringLower(tbs.SerialNumber.Value.ToByteArray());
        NotBefore = new DateTimeOffset(tbs.StartDate.ToDateTime(), TimeSpan.Zero);
        NotAfter = new DateTimeOffset(tbs.EndDate.ToDateTime(), TimeSpan.Zero);
        Key = PublicKeyFacts.Read(tbs.SubjectPublicKeyInfo);
        KeyDigest = Convert.ToHexStringLower(SHA256.HashData(tbs.SubjectPublicKeyInfo.GetEncoded(Asn1Encodable.Der)));
        Addresses = CertificateAddresses.Read(tbs.Subject, extensions);
        if (extensions is null)
            return;
        KeyIdentifier = SubjectKeyIdentifier.FromExtensions(extensions) is { } id ? Convert.ToHexStringLower(id.GetKeyIdentifier()) : null;
        _keyUsage = KeyUsage.FromExtensions(extensions)?.IntValue;
        AuthorityKeyIdentifier = Org.BouncyCastle.Asn1.X509.AuthorityKeyIdentifier.FromExtensions(extensions)?.KeyIdentifier is { } authority
            ? Convert.ToHexStringLower(authority.GetOctets()) : null;
        if (BasicConstraints.FromExtensions(extensions) is { } constraints)
        {
            IsAuthority = constraints.IsCA();
            // More than a path can have is no limit.
            PathLength = IsAuthority && constraints.PathLenConstraint is { BitLength: < 32 } length ? length.IntValue : null;
        }
        if (ExtendedKeyUsage.FromExtensions(extensions) is { } purposes)
            IsForMail = purposes.HasKeyPurposeId(KeyPurposeID.id_kp_emailProtection) || purposes.HasKeyPurposeId(KeyPurposeID.AnyExtendedKeyUsage);
        Capabilities = CertificateCapabilities.Read(extensions);
        Names = GeneralNames.FromExtensions(extensions, X509Extensions.SubjectAlternativeName)?.GetNames() ?? [];
        if (extensions.GetExtensionParsedValue(X509Extensions.NameConstraints) is { } nameConstraints)
            NameConstraints = NameConstraints.GetInstance(nameConstraints);
        DerObjectIdentifier? unknown = extensions.GetCriticalExtensionOids().FirstOrDefault(oid => !s_understoodExtensions.Contains(oid.Id));
        if (unknown is not null)
            _problem = $"has the unknown critical extension {unknown.Id}";
    }

    /// <summary>The extensions that are looked at wherever they are critical, as object identifiers.</summary>
    public static IReadOnlySet<string> UnderstoodExtensions => s_understoodExtensions;

    /// <summary>The certificate itself.</summary>
    public EncodedCertificate Certificate { get; }

    /// <summary>The subject, or null where the certificate cannot be read.</summary>
    public X509Name? Subject { get; }

    /// <summary>The issuer, or null where the certificate cannot be read.</summary>
    public X509Name? Issuer { get; }

    /// <summary>The subject as text (RFC 4514 in the main); null where it cannot be read.</summary>
    public string? SubjectText => _subjectText ??= Text(Subject);

    /// <summary>The issuer as text; null where it cannot be read.</summary>
    public string? IssuerText => _issuerText ??= Text(Issuer);

    /// <summary>The serial number as hexadecimal digits.</summary>
    public string SerialNumber { get; } = "";

    /// <summary>Key of issuer and serial number, as <see cref="SignerKey"/> makes it; null where the certificate cannot be read.</summary>
    public string? IssuerAndSerial { get; }

    /// <summary>The subject key identifier as hexadecimal digits, or null.</summary>
    public string? KeyIdentifier { get; }

    /// <summary>The key identifier of the issuer's key as hexadecimal digits, or null.</summary>
    public string? AuthorityKeyIdentifier { get; }

    /// <summary>Start of validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>End of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The public key.</summary>
    public PublicKeyFacts Key { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo: what certificates of one key have in common.</summary>
    public string KeyDigest { get; } = "";

    /// <summary>The addresses it names.</summary>
    public CertificateAddresses Addresses { get; }

    /// <summary>Whether basicConstraints make it an authority.</summary>
    public bool IsAuthority { get; }

    /// <summary>As many authorities below it as basicConstraints allow; null for any number (RFC 5280 4.2.1.9).</summary>
    public int? PathLength { get; }

    /// <summary>What the names of certificates below it are held to, or null (RFC 5280 4.2.1.10).</summary>
    public NameConstraints? NameConstraints { get; }

    /// <summary>The names in subjectAltName.</summary>
    public IReadOnlyList<GeneralName> Names { get; } = [];

    /// <summary>Whether extended key usage, where it is there, allows mail (RFC 8550 4.4.4).</summary>
    public bool IsForMail { get; } = true;

    /// <summary>Object identifiers of its SMIMECapabilities extension (RFC 4262).</summary>
    public IReadOnlyList<string> Capabilities { get; } = [];

    /// <summary>Whether subject and issuer are the same name.</summary>
    public bool IsSelfIssued => Subject is not null && Subject.Equivalent(Issuer, true);

    /// <summary>Reads a certificate; one that cannot be read gives facts that make it unusable.</summary>
    /// <param name="certificate">The certificate.</param>
    public static CertificateFacts Read(EncodedCertificate certificate)
    {
        try
        {
            return new(certificate, X509CertificateStructure.GetInstance(certificate.Der.ToArray()));
        }
        // The parser has no one exception for broken input.
        catch (Exception broken) when (broken is ArgumentException or IOException or FormatException or InvalidOperationException
            or InvalidCastException or NullReferenceException or ArithmeticException or IndexOutOfRangeException)
        {
            return new(certificate, "cannot be read as a certificate");
        }
    }

    /// <summary>The key under which issuer and serial number of a SignerInfo are found.</summary>
    /// <param name="issuer">DER octets of the Name.</param>
    /// <param name="serial">Content octets of the INTEGER.</param>
    public static string SignerKey(ReadOnlySpan<byte> issuer, ReadOnlySpan<byte> serial) =>
        $"{Convert.ToHexString(issuer)}/{Convert.ToHexString(serial)}";

    /// <summary>Why this certificate's key cannot stand behind a signature now, or null where it can.</summary>
    /// <param name="now">The time.</param>
    public string? WhyNoSigner(DateTimeOffset now)
    {
        if (WhyUnusable(now) is { } problem)
            return problem;
        if (Key.OnlyDecrypts)
            return "has a key that cannot sign";
        return _keyUsage is { } usage && (usage & (KeyUsage.DigitalSignature | KeyUsage.NonRepudiation)) == 0 ? "is not for signatures (keyUsage)" : null;
    }

    /// <summary>Why nothing may be encrypted to this certificate now, or null where it may.</summary>
    /// <param name="now">The time.</param>
    public string? WhyNoRecipient(DateTimeOffset now)
    {
        if (WhyUnusable(now) is { } problem)
            return problem;
        if (Key.OnlySigns)
            return "has a key that cannot be encrypted to";
        int needed = Key.Kind == PublicKeyKind.Rsa || Key.Encapsulates ? KeyUsage.KeyEncipherment : KeyUsage.KeyAgreement;
        return _keyUsage is { } usage && (usage & needed) == 0 ? "is not for encryption (keyUsage)" : null;
    }

    /// <summary>Why this certificate is of no use for mail now, neither behind a signature nor for encryption, or null where it is.</summary>
    /// <param name="now">The time.</param>
    public string? WhyNotForMail(DateTimeOffset now) =>
        WhyNoSigner(now) is { } noSigner && WhyNoRecipient(now) is { } noRecipient ? noSigner == noRecipient ? noSigner : $"{noSigner}; {noRecipient}" : null;

    /// <summary>Why this certificate cannot issue others now, or null where it can (RFC 5280 6.1.4).</summary>
    /// <param name="now">The time.</param>
    public string? WhyNoIssuer(DateTimeOffset now)
    {
        if (WhyInvalid(now) is { } problem)
            return problem;
        if (!IsAuthority)
            return "is no authority (basicConstraints)";
        return _keyUsage is { } usage && (usage & KeyUsage.KeyCertSign) == 0 ? "may not issue certificates (keyUsage)" : null;
    }

    /// <summary>Why nothing can be done with this certificate now, whatever it is for, or null where something can.</summary>
    /// <param name="now">The time.</param>
    public string? WhyInvalid(DateTimeOffset now) =>
        _problem ?? Key.Problem ?? (now < NotBefore ? "is not valid yet" : now > NotAfter ? "has expired" : null);

    private static string? Text(X509Name? name)
    {
        try
        {
            return name is null ? null : new X500DistinguishedName(name.GetEncoded()).Name;
        }
        catch (CryptographicException)
        {
            // A form that .NET does not read: everything else about the certificate stands without its name.
            return null;
        }
    }

    private string? WhyUnusable(DateTimeOffset now)
    {
        if (WhyInvalid(now) is { } problem)
            return problem;
        if (Key.Kind == PublicKeyKind.Dsa)
            return "has a DSA key, which is not used for mail";
        if (Key is { Kind: PublicKeyKind.Rsa, Bits: < 2048 })
            return $"has an RSA key of {Key.Bits} bits, fewer than 2048";
        return IsForMail ? null : "is not for mail (extended key usage)";
    }
}

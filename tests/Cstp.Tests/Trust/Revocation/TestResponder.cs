using Cstp.Core.Trust;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Ocsp;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Ocsp;
using Org.BouncyCastle.X509;

namespace Cstp.Tests.Trust.Revocation;

/// <summary>An OCSP responder, right or wrong.</summary>
internal sealed record TestResponder(TestCertificate Signer)
{
    public CertificateStatus? Status { get; init; } = CertificateStatus.Good;
    public DateTimeOffset ThisUpdate { get; init; } = TestCertificate.Now.AddHours(-1);
    public DateTimeOffset NextUpdate { get; init; } = TestCertificate.Now.AddHours(1);
    public TestCertificate? About { get; init; }
    public byte[]? Nonce { get; init; }
    public int Outcome { get; init; } = OcspRespStatus.Successful;
    public Func<byte[], byte[]>? Change { get; init; }

    public byte[] Answer(byte[] question)
    {
        var request = new OcspReq(question);
        var certificate = new X509Certificate(Signer.Encoded.Der.ToArray());
        var generator = new BasicOcspRespGenerator(new RespID(certificate.SubjectDN));
        CertificateID id = request.GetRequestList()[0].GetCertID();
        if (About is not null)
            id = new CertificateID(new AlgorithmIdentifier(new DerObjectIdentifier("1.3.14.3.2.26"), DerNull.Instance), new X509Certificate(About.Issuer!.Encoded.Der.ToArray()), new X509Certificate(About.Encoded.Der.ToArray()).SerialNumber);
        generator.AddResponse(id, Status, ThisUpdate.UtcDateTime, NextUpdate.UtcDateTime, null);
        var extensions = new X509ExtensionsGenerator();
        byte[] nonce = Nonce ?? Asn1OctetString.GetInstance(request.GetExtensionValue(OcspObjectIdentifiers.PkixOcspNonce).GetOctets()).GetOctets();
        extensions.AddExtension(OcspObjectIdentifiers.PkixOcspNonce, false, new DerOctetString(nonce));
        generator.SetResponseExtensions(extensions.Generate());
        var key = PrivateKeys.Read(Signer.Pkcs8);
        BasicOcspResp basic = generator.Generate(new Asn1SignatureFactory(PrivateKeys.SignatureAlgorithmOf(key), key), [certificate], ThisUpdate.UtcDateTime);
        byte[] answer = new OCSPRespGenerator().Generate(Outcome, Outcome == OcspRespStatus.Successful ? basic : null).GetEncoded();
        return Change?.Invoke(answer) ?? answer;
    }
}

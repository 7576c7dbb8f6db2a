using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Ocsp;
using Org.BouncyCastle.Asn1.Oiw;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Ocsp;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust.Revocation;

/// <summary>One question to an OCSP responder and its answer (RFC 6960): the responder must be the issuer, or whom the issuer made one.</summary>
internal sealed class OcspExchange
{
    /// <summary>Clocks may differ by this.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>An answer that does not say how long it holds, holds this long (RFC 6960 4.2.2.1: newer information is always there).</summary>
    private static readonly TimeSpan Undated = TimeSpan.FromHours(1);

    private readonly X509Certificate _certificate;
    private readonly X509Certificate _issuer;
    private readonly CertificateID _id;
    private readonly byte[] _nonce = RandomNumberGenerator.GetBytes(16);

    /// <summary>Prepares the question.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="issuer">Its issuer.</param>
    public OcspExchange(X509Certificate certificate, X509Certificate issuer)
    {
        _certificate = certificate;
        _issuer = issuer;
        // SHA-1 only finds the key here; it is what all responders read (RFC 5019 2.1.1).
        _id = new CertificateID(new AlgorithmIdentifier(OiwObjectIdentifiers.IdSha1, DerNull.Instance), issuer, certificate.SerialNumber);
    }

    /// <summary>The request in DER.</summary>
    public byte[] Request()
    {
        var generator = new OcspReqGenerator();
        generator.AddRequest(_id);
        var extensions = new X509ExtensionsGenerator();
        extensions.AddExtension(OcspObjectIdentifiers.PkixOcspNonce, false, new DerOctetString(_nonce));
        generator.SetRequestExtensions(extensions.Generate());
        return generator.Generate().GetEncoded();
    }

    /// <summary>Reads the answer.</summary>
    /// <param name="response">What came.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="FormatException">It says nothing about the certificate that counts; the message tells why.</exception>
    public RevocationStatus Read(byte[] response, DateTimeOffset now)
    {
        try
        {
            var answer = new OcspResp(response);
            if (answer.Status != OcspRespStatus.Successful || answer.GetResponseObject() is not BasicOcspResp basic)
                throw new FormatException($"the responder answers with status {answer.Status}");
            if (!IsAuthorised(basic, now))
                throw new FormatException("the answer is not signed by the issuer, nor by whom the issuer made responder");
            if (basic.GetExtensionValue(OcspObjectIdentifiers.PkixOcspNonce) is { } nonce && !Asn1OctetString.GetInstance(nonce.GetOctets()).GetOctets().AsSpan().SequenceEqual(_nonce))
                throw new FormatException("the answer is to another question (nonce)");
            SingleResp single = basic.Responses.FirstOrDefault(one => one.GetCertID().SerialNumber.Equals(_certificate.SerialNumber) && one.GetCertID().MatchesIssuer(_issuer))
                ?? throw new FormatException("the answer is about another certificate");
            var from = new DateTimeOffset(single.ThisUpdate, TimeSpan.Zero);
            DateTimeOffset until = single.NextUpdate is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : from + Undated;
            if (from > now + Skew || until < now)
                throw new FormatException($"the answer holds from {from:u} to {until:u}");
            return single.GetCertStatus() switch
            {
                null => new(RevocationState.Good, "is not revoked", until),
                RevokedStatus revoked => new(RevocationState.Revoked, $"was revoked at {new DateTimeOffset(revoked.RevocationTime, TimeSpan.Zero):u}", until),
                _ => throw new FormatException("the responder does not know the certificate"),
            };
        }
        catch (Exception broken) when (broken is not FormatException && CertificationPathValidation.IsBrokenInput(broken) || broken is OcspException)
        {
            throw new FormatException($"the answer is broken ({broken.Message})", broken);
        }
    }

    /// <summary>RFC 6960 4.2.2.2: the issuer itself, or a certificate that it issued with id-kp-OCSPSigning.</summary>
    private bool IsAuthorised(BasicOcspResp answer, DateTimeOffset now)
    {
        if (answer.Verify(_issuer.GetPublicKey()))
            return true;
        foreach (X509Certificate responder in answer.GetCerts().Take(4))
        {
            if (!responder.IssuerDN.Equivalent(_issuer.SubjectDN, true) || !responder.IsValid(now.UtcDateTime) || responder.GetExtendedKeyUsage()?.Contains(KeyPurposeID.id_kp_OCSPSigning) != true)
                continue;
            try
            {
                responder.Verify(_issuer.GetPublicKey());
            }
            catch (Exception foreign) when (CertificationPathValidation.IsBrokenInput(foreign))
            {
                continue;
            }
            if (answer.Verify(responder.GetPublicKey()))
                return true;
        }
        return false;
    }
}

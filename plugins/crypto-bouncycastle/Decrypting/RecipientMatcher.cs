using Cstp.Abstractions;
using Cstp.CryptoBouncyCastle.Ber;
using Cstp.CryptoBouncyCastle.Keys;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Cms;
using IssuerAndSerialNumber = Org.BouncyCastle.Asn1.Cms.IssuerAndSerialNumber;

namespace Cstp.CryptoBouncyCastle.Decrypting;

/// <summary>Finds the RecipientInfos that name our keys, holding those alone.</summary>
internal sealed class RecipientMatcher(IReadOnlyList<CmsIdentity> keys)
{
    // Each costs a private-key operation.
    private const int MostMatches = 8;
    private const int MostRecipients = 2000;

    private readonly List<(CmsIdentity Identity, Certificate Certificate)> _keys =
        [.. keys.Select(identity => (identity, Certificate.Parse(identity.Certificate)))];

    private readonly List<RecipientMatch> _matches = [];
    private int _recipients;

    /// <summary>RecipientInfos seen.</summary>
    public int Count { get; private set; }

    /// <summary>Those that name a key, in their order; not more than 8.</summary>
    public IReadOnlyList<RecipientMatch> Matches => _matches;

    /// <summary>Looks at one RecipientInfo.</summary>
    public void Add(BerTag tag, byte[] recipientInfo)
    {
        Count++;
        if (tag != BerTag.Context(1))
            CountRecipient();
        Asn1Object info = Asn1Object.FromByteArray(recipientInfo);
        if (tag == BerTag.Sequence)
            AddTransport(KeyTransRecipientInfo.GetInstance(info));
        else if (tag == BerTag.Context(1))
            AddAgreement(KeyAgreeRecipientInfo.GetInstance(Asn1TaggedObject.GetInstance(info), false));
        else if (tag == BerTag.Context(4))
            AddOther(OtherRecipientInfo.GetInstance(Asn1TaggedObject.GetInstance(info), false));
        else if (tag.Class != 2 || tag.Number is < 2 or > 4)
            throw new BerException($"{tag} stands where a RecipientInfo has to");
        // kekri and pwri (RFC 5652 6.2.3, 6.2.4) name no certificate of ours.
    }

    private void AddTransport(KeyTransRecipientInfo info)
    {
        foreach (CmsIdentity identity in Named(info.RecipientIdentifier.ID))
            Add(new RecipientMatch(identity, info.KeyEncryptionAlgorithm, info.EncryptedKey.GetOctets()));
    }

    private void AddOther(OtherRecipientInfo info)
    {
        if (!info.OriType.Equals(CmsObjectIdentifiers.id_ori_kem))
            return;
        KemRecipient recipient = KemRecipient.Read(info.OriValue);
        foreach (CmsIdentity identity in Named(recipient.Identifier))
            Add(new RecipientMatch(identity, recipient.Kem, recipient.EncryptedKey, Encapsulation: recipient));
    }

    private void AddAgreement(KeyAgreeRecipientInfo info)
    {
        var originator = new AgreementOriginator(info.Originator.OriginatorKey, info.UserKeyingMaterial?.GetOctets());
        foreach (Asn1Encodable element in info.RecipientEncryptedKeys)
        {
            CountRecipient();
            RecipientEncryptedKey key = RecipientEncryptedKey.GetInstance(element);
            foreach (CmsIdentity identity in key.Identifier.RKeyID is RecipientKeyIdentifier named
                ? Named(named.SubjectKeyIdentifier)
                : Named(key.Identifier.IssuerAndSerialNumber))
                Add(new RecipientMatch(identity, info.KeyEncryptionAlgorithm, key.EncryptedKey.GetOctets(), originator));
        }
    }

    // A RecipientInfo with key agreement may hold many recipients, so that both are counted.
    private void CountRecipient()
    {
        if (++_recipients > MostRecipients)
            throw new BerException($"there are over {MostRecipients} recipients");
    }

    private IEnumerable<CmsIdentity> Named(Asn1Encodable identifier) =>
        identifier is Asn1OctetString keyIdentifier ? Named(keyIdentifier) : Named(IssuerAndSerialNumber.GetInstance(identifier));

    private IEnumerable<CmsIdentity> Named(IssuerAndSerialNumber name)
    {
        byte[] issuer = name.Issuer.Der();
        byte[] serialNumber = name.SerialNumber.Value.ToByteArray();
        return _keys.Where(key => key.Certificate.IsNamed(issuer, serialNumber)).Select(key => key.Identity);
    }

    private IEnumerable<CmsIdentity> Named(Asn1OctetString keyIdentifier)
    {
        byte[] octets = keyIdentifier.GetOctets();
        return _keys.Where(key => key.Certificate.SubjectKeyIdentifier.AsSpan().SequenceEqual(octets)).Select(key => key.Identity);
    }

    private void Add(RecipientMatch match)
    {
        if (_matches.Count < MostMatches)
            _matches.Add(match);
    }
}

using System.IO.Pipelines;
using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Diagnostics;
using Cstp.Core.Mime;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Smime;
using Cstp.Core.Trust;
using Microsoft.Extensions.Logging;

namespace Cstp.Core.Securing;

/// <summary>Turns a plan into deliveries: signs and encrypts (rule 1), clear-signs or leaves as it is (rule 2).</summary>
/// <param name="sealing">Makes S/MIME.</param>
/// <param name="trust">The store as it stands.</param>
/// <param name="report">Tells senders of withheld recipients.</param>
/// <param name="options">Section <c>[securing]</c>.</param>
/// <param name="metrics">Counts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class OutboundSecuring(
    Sealing sealing, Func<TrustSnapshot> trust, NonDeliveryReport report, SecuringOptions options, CstpMetrics metrics, TimeProvider time, ILogger logger)
{
    private const string NoCertificate = "no certificate to use";

    /// <summary>Makes the deliveries.</summary>
    /// <param name="envelope">The transaction.</param>
    /// <param name="header">The header section.</param>
    /// <param name="body">The body; looked at, not consumed.</param>
    /// <param name="plan">A plan that was checked.</param>
    /// <param name="untouched">Indices of the recipients that the plan does not speak of.</param>
    /// <param name="demand">What is demanded for a recipient.</param>
    /// <param name="cancel">The session ends.</param>
    public async Task<MessageDecision> DecideAsync(
        MessageEnvelope envelope, HeaderSection header, PipeReader body, IReadOnlyList<Delivery> plan, IReadOnlyList<int> untouched, Func<Mailbox, ProtectionDemand> demand, CancellationToken cancel)
    {
        int[] all = [.. Enumerable.Range(0, envelope.Recipients.Count)];
        if (!options.WrapSecured && await AlreadyEncrypted.IsSoAsync(header, body, cancel))
        {
            SecuringLog.PassedEncrypted(logger, envelope.Session, Names(envelope, all));
            return new MessageDecision.Stream([AsItCame(header, all, DeliveryRoute.Server, "encrypted already")]);
        }

        TrustSnapshot snapshot = trust();
        var indices = new RecipientIndices(envelope.Recipients);
        var deliveries = new List<PlannedDelivery>();
        List<int> plain = [.. untouched];
        foreach (Delivery delivery in plan.SelectMany(delivery => BySignature(delivery, demand)))
        {
            Protection protection = delivery.Protection;
            if (delivery.Route == DeliveryRoute.Withheld)
            {
                int[] withheld = indices.Take(delivery.Recipients);
                bool isInternational = report.IsInternational(envelope);
                deliveries.Add(new PlannedDelivery(
                    withheld, Protection.None, DeliveryRoute.Withheld, NoCertificate, (_, message, stop) => report.WriteAsync(envelope, header, withheld, message, stop))
                {
                    IsInternational = isInternational,
                    Body = isInternational ? BodyValue.EightBit : BodyValue.SevenBit,
                });
                continue;
            }
            if (protection == Protection.Signed && WhyUnsigned(header, envelope) is { } why)
            {
                PolicyRecipient[] demanding = [.. delivery.Recipients.Where(r => demand(r.Mailbox).Sign == Demand.Require)];
                if (demanding.Length > 0 && !EntityKind.IsSecured(header))
                    return new MessageDecision.Refuse(new Reply(550, "5.7.1", $"Mail to <{demanding[0].Mailbox}> must be signed, and this message cannot be: {why}"));
                protection = Protection.None;
            }
            if (protection == Protection.None)
            {
                int[] taken = indices.Take(delivery.Recipients);
                if (delivery.Route == DeliveryRoute.Server && plan.Count(d => d is { Protection: Protection.None, Route: not DeliveryRoute.Withheld }) <= 1)
                    plain.AddRange(taken);
                else
                    deliveries.Add(AsItCame(header, taken, delivery.Route, WhyUnencrypted(delivery.Recipients.Select(r => r.Mailbox), demand)));
                continue;
            }
            if (protection == Protection.Encrypted)
            {
                foreach (IReadOnlyList<PolicyRecipient> group in BlindCopies.Separate(header, delivery.Recipients))
                    deliveries.Add(Encrypted(envelope, header, snapshot, group, indices.Take(group), delivery.Route));
                continue;
            }
            if (Signer(envelope, header, snapshot) is not { } signer)
            {
                SecuringLog.NoSigner(logger, envelope.Session);
                return new MessageDecision.Refuse(new Reply(451, "4.7.5", "The message cannot be signed now; try again later"));
            }
            if (protection == Protection.Signed)
                deliveries.Add(Signed(envelope, header, signer, indices.Take(delivery.Recipients), delivery.Route, WhyUnencrypted(delivery.Recipients.Select(r => r.Mailbox), demand)));
            else
            {
                foreach (IReadOnlyList<PolicyRecipient> group in BlindCopies.Separate(header, delivery.Recipients))
                    deliveries.Add(Sealed(envelope, header, snapshot, signer, group, indices.Take(group), delivery.Route));
            }
        }
        if (plain.Count > 0)
        {
            string why = WhyUnencrypted(plain.Skip(untouched.Count).Select(i => envelope.Recipients[i]), demand);
            deliveries.Add(AsItCame(header, plain, DeliveryRoute.Server, untouched.Count == 0 ? why : untouched.Count == plain.Count ? "local" : $"local, or {why}"));
        }
        return new MessageDecision.Stream(deliveries);
    }

    /// <summary>For the log's line on a message.</summary>
    private static string WhyUnencrypted(IEnumerable<Mailbox> recipients, Func<Mailbox, ProtectionDemand> demand) =>
        string.Join(", or ", recipients.Select(recipient => demand(recipient).Encrypt == Demand.Never ? "a rule against encryption" : NoCertificate).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The signature is a rule's business, not the policy's: recipients of whom different things are demanded part here. Who gets nothing has no signature either.</summary>
    private static IEnumerable<Delivery> BySignature(Delivery delivery, Func<Mailbox, ProtectionDemand> demand) => delivery.Route == DeliveryRoute.Withheld
        ? [delivery]
        : delivery.Recipients.GroupBy(recipient => demand(recipient.Mailbox).Sign).Select(group => delivery with
        {
            Recipients = [.. group],
            Protection = (group.Key, delivery.Protection.HasFlag(Protection.Encrypted)) switch
            {
                (Demand.Never, true) => Protection.Encrypted,
                (Demand.Never, false) => Protection.None,
                (Demand.Require, false) => Protection.Signed,
                _ => delivery.Protection,
            },
        });

    /// <summary>Why a message cannot be clear-signed; null where it can.</summary>
    private string? WhyUnsigned(HeaderSection header, MessageEnvelope envelope)
    {
        if (EntityKind.IsSecured(header))
            return "it is signed or encrypted already";
        if (!header.IsWellFormed)
            return "its header section is broken; write it anew";
        return IsDeclared8Bit(header, envelope) && options.EightBit == EightBitSigning.Unsigned
            ? "it has 8-bit text, which a signature that anybody can read must not carry; send it in 7 bits, or ask your administrator ([securing] eight_bit)"
            : null;
    }

    private PlannedDelivery Sealed(
        MessageEnvelope envelope, HeaderSection header, TrustSnapshot snapshot, SigningRequest signer, IReadOnlyList<PolicyRecipient> group, int[] recipients, DeliveryRoute route)
    {
        bool forGateways = group.All(r => r.Certificates.All(c => c.Scope == CertificateScope.Gateway));
        EncryptionRequest encryption = EncryptionFor(group, snapshot);
        var request = new SealingRequest(
            signer, encryption, [.. group.Select(r => r.Mailbox)], forGateways, forGateways && options.OuterSubject.Length > 0 ? options.OuterSubject : null)
        {
            IsInternational = envelope.IsInternational,
            Body = envelope.Declared,
        };
        Log(envelope, recipients, "signed and encrypted", signer, encryption.Cipher.ToString());
        metrics.Layer("signed", "made");
        CountEncrypted(encryption.Cipher);
        return new PlannedDelivery(recipients, Protection.SignedEncrypted, route, CertificatesOf(group), (body, message, cancel) => sealing.SignAndEncryptAsync(header, body, message, request, cancel))
        {
            Body = InBase64(header),
        };
    }

    private PlannedDelivery Encrypted(
        MessageEnvelope envelope, HeaderSection header, TrustSnapshot snapshot, IReadOnlyList<PolicyRecipient> group, int[] recipients, DeliveryRoute route)
    {
        EncryptionRequest encryption = EncryptionFor(group, snapshot);
        Log(envelope, recipients, "encrypted", null, encryption.Cipher.ToString());
        CountEncrypted(encryption.Cipher);
        return new PlannedDelivery(recipients, Protection.Encrypted, route, CertificatesOf(group), (body, message, cancel) => sealing.EncryptAsync(header, body, message, encryption, cancel))
        {
            Body = InBase64(header),
        };
    }

    /// <summary>What a message holds whose body became base64: fields outside stay as they are, and may be 8-bit.</summary>
    private static BodyValue InBase64(HeaderSection header) => Ascii.IsValid(header.Raw.Span) ? BodyValue.SevenBit : BodyValue.EightBit;

    /// <summary>What they are encrypted to, for the administrator.</summary>
    private static string CertificatesOf(IReadOnlyList<PolicyRecipient> group)
    {
        CertificateScope[] scopes = [.. group.SelectMany(r => r.Certificates).Select(c => c.Scope).Distinct()];
        return scopes.Length > 1 ? "user and gateway certificates" : scopes[0] == CertificateScope.Gateway ? "gateway certificate" : "user certificate";
    }

    private EncryptionRequest EncryptionFor(IReadOnlyList<PolicyRecipient> group, TrustSnapshot snapshot)
    {
        RecipientCertificate[] certificates = [.. group.SelectMany(r => r.Certificates).DistinctBy(c => c.Certificate)];
        return new EncryptionRequest(
            [.. certificates.Select(c => new EncryptionRecipient(c.Certificate, snapshot.ReadsOaep(c.Certificate) ? RsaKeyTransport.OaepSha256 : RsaKeyTransport.Pkcs1))],
            certificates.All(c => snapshot.ReadsAuthenticatedEncryption(c.Certificate)) ? options.AuthenticatedCipher : options.Cipher);
    }

    private void CountEncrypted(ContentCipher cipher) =>
        metrics.Layer(cipher is ContentCipher.Aes128Gcm or ContentCipher.Aes256Gcm ? "authEnveloped" : "enveloped", "made");

    private PlannedDelivery Signed(MessageEnvelope envelope, HeaderSection header, SigningRequest signer, int[] recipients, DeliveryRoute route, string why)
    {
        var request = new SealingRequest(signer, null, [], false, null);
        bool reencode = IsDeclared8Bit(header, envelope);
        // Parts are found by their lines, which a binary body need not have.
        bool clear = !reencode || (options.EightBit == EightBitSigning.Reencode && envelope.Declared != BodyValue.Binary);
        Log(envelope, recipients, clear ? "clear-signed" : "signed", signer, "not encrypted");
        metrics.Layer(clear ? "clearSigned" : "signed", "made");
        return new PlannedDelivery(
            recipients,
            Protection.Signed,
            route,
            why,
            (body, message, cancel) => clear
                ? sealing.SignClearAsync(header, body, message, request, reencode, cancel)
                : sealing.SignOpaqueAsync(header, body, message, request, cancel))
        {
            Body = clear ? BodyValue.EightBit : InBase64(header),
        };
    }

    private static PlannedDelivery AsItCame(HeaderSection header, IReadOnlyList<int> recipients, DeliveryRoute route, string why) => new(
        recipients,
        Protection.None,
        route,
        why,
        async (body, message, cancel) =>
        {
            await message.WriteAsync(header.ToOctets(), cancel);
            await Stages.CopyAsync(body, [message], cancel);
        });

    /// <summary>
    /// The sender's own key signs only where From, reverse-path and key are one user's; otherwise the box signs in its own name.
    /// </summary>
    private SigningRequest? Signer(MessageEnvelope envelope, HeaderSection header, TrustSnapshot snapshot)
    {
        Mailbox? from = OuterHeader.FromOf(header.Fields);
        Mailbox? sender = from is not null && from.Equals(envelope.ReversePath) && !header.All("Sender").Any() ? from : null;
        if (snapshot.FindSigner(sender) is not { } identity)
            return null;
        EncodedCertificate[] further = identity.EncryptionCertificate is { } encryption ? [encryption] : [];
        return new SigningRequest(identity.Identity, further, identity.Digest ?? options.Digest, time.GetUtcNow(), identity.EncryptionCertificate);
    }

    /// <summary>Whether 7 bits may not carry it: what was declared decides, since the header goes out before the body is seen (RFC 8551 3.1.3).</summary>
    private static bool IsDeclared8Bit(HeaderSection header, MessageEnvelope envelope) =>
        envelope.Declared != BodyValue.SevenBit || EntityKind.EncodingOf(header.Fields) is "8bit" or "binary";

    private void Log(MessageEnvelope envelope, int[] recipients, string protection, SigningRequest? signer, string cipher) =>
        SecuringLog.Secured(logger, envelope.Session, Names(envelope, recipients), protection, signer?.Signer.Certificate.Fingerprint[..16] ?? "nobody", cipher);

    private static string Names(MessageEnvelope envelope, IEnumerable<int> recipients) => string.Join(' ', recipients.Select(i => envelope.Recipients[i]));

    /// <summary>Finds the places of recipients in the envelope, each once, also where one address was given twice.</summary>
    private sealed class RecipientIndices(IReadOnlyList<Mailbox> envelope)
    {
        private readonly bool[] _taken = new bool[envelope.Count];

        public int[] Take(IReadOnlyList<PolicyRecipient> recipients)
        {
            int[] places = new int[recipients.Count];
            for (int i = 0; i < places.Length; i++)
            {
                int place = 0;
                while (_taken[place] || !envelope[place].Equals(recipients[i].Mailbox))
                    place++;
                _taken[place] = true;
                places[i] = place;
            }
            return places;
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Trust;
using Cstp.PolicyAllOrNothing;
using Cstp.PolicyLiberal;
using Cstp.PolicyRestrictive;
using Cstp.Tests.Trust;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.Securing.Table;

/// <summary>Every combination of what decides over a message that leaves.</summary>
internal sealed class OutboundTable
{
    private const string Entity = "Content-Type: text/plain\r\n\r\nHello\r\n";
    private static readonly Mailbox s_juro = Mailbox.Parse("juro@amd.test"), s_anna = Mailbox.Parse("anna@intel.test"), s_other = Mailbox.Parse("x@other.test");
    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow.AddMinutes(-1);

    private static readonly (string Name, IRecipientPolicy Policy)[] s_policies =
        [("liberal", new LiberalPolicy()), ("restrictive", new RestrictivePolicy()), ("all-or-nothing", new AllOrNothingPolicy())];

    private readonly (string Name, byte[] Octets)[] _messages;
    private readonly (string Name, StoredCertificate[] Known)[] _certificates;
    private readonly OwnKey[] _gateway = [.. KeyGeneration.Create(KeyKind.P256, Mailbox.Parse("cstpbox@amd.test"), null, s_now)];
    private readonly OwnKey[] _user = [.. KeyGeneration.Create(KeyKind.P256, s_juro, s_juro, s_now)];
    private readonly HeaderSection[] _headers;
    private readonly byte[][] _bodies;

    private OutboundTable((string Name, byte[] Octets)[] messages)
    {
        _messages = messages;
        TestCertificate user = TestCertificate.Of(s_anna.ToString()) with { NotBefore = s_now.AddDays(-900), NotAfter = s_now.AddDays(900) };
        TestCertificate gateway = TestCertificate.Of("cstpbox@intel.test") with { NotBefore = s_now.AddDays(-900), NotAfter = s_now.AddDays(900) };
        TestCertificate expired = user with { NotAfter = s_now.AddDays(-1) };
        _certificates =
        [
            ("user", [user.Stored(CertificateRole.User, s_anna.ToString()), gateway.Stored(CertificateRole.Gateway, "intel.test")]),
            ("gateway", [gateway.Stored(CertificateRole.Gateway, "intel.test")]),
            ("none", []),
            ("expired", [expired.Stored(CertificateRole.User, s_anna.ToString())]),
            ("revoked", [user.Stored(CertificateRole.User, s_anna.ToString(), TrustState.Revoked)]),
        ];
        (_headers, _bodies) = (new HeaderSection[messages.Length], new byte[messages.Length][]);
        for (int i = 0; i < messages.Length; i++)
        {
            int end = messages[i].Octets.AsSpan().IndexOf("\r\n\r\n"u8);
            (_headers[i], _bodies[i]) = (HeaderSection.Parse(messages[i].Octets.AsMemory(0, end + 2)), messages[i].Octets[(end + 4)..]);
        }
        Table = new RuleTable(
            "Mail that leaves",
            """
            juro@amd.test writes to anna@intel.test, alone or together with x@other.test, who has no certificate and of whom no rule speaks. "Certificate"
            is what the box knows of anna: her own, or the gateway's of her domain. "Key" is whose key the box holds for juro. "Message" is what juro's
            program did already. "Encrypt" and "sign" are what `[[securing.rules]]` say for anna; "else" is what `sign_without_certificate` does to
            what is not encrypted. "Signed by juro" is signed with his key, "signed by the box" in the box's name.
            """,
            ("policy", [.. s_policies.Select(p => p.Name)]),
            ("recipients", ["anna", "anna and x"]),
            ("certificate", [.. _certificates.Select(c => c.Name)]),
            ("message", [.. messages.Select(m => m.Name)]),
            ("key", ["the box's", "juro's"]),
            ("encrypt", ["prefer", "require", "never"]),
            ("sign", ["prefer", "require", "never"]),
            ("else", ["unsigned", "signed"]));
    }

    public RuleTable Table { get; }

    public static async Task<OutboundTable> MakeAsync()
    {
        CmsIdentity juro = Identity("juro@amd.test"), anna = Identity("anna@intel.test");
        string Whole(string entity) => $"From: juro@amd.test\r\nTo: anna@intel.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n{entity}";
        string encrypted = await EnvelopedAsync(Entity, ContentCipher.Aes256Cbc, anna.Certificate);
        string both = await EnvelopedAsync(await ClearSignedAsync(Entity, juro), ContentCipher.Aes256Cbc, anna.Certificate);
        var table = new OutboundTable(
        [
            ("plain", Octets(Whole(Entity))),
            ("signed", Octets(Whole(await ClearSignedAsync(Entity, juro)))),
            ("encrypted", Octets(Whole(encrypted))),
            ("signed then encrypted", Octets(Whole(both))),
            ("encrypted then signed", Octets(Whole(await ClearSignedAsync(encrypted, juro)))),
        ]);
        var boxes = new Dictionary<(int, int, int, int), TableBox>();
        foreach (int[] at in table.Table.Walk())
        {
            if (!boxes.TryGetValue((at[0], at[5], at[6], at[7]), out TableBox? box))
                boxes[(at[0], at[5], at[6], at[7])] = box = new TableBox(s_policies[at[0]].Policy, Options((Demand)at[5], (Demand)at[6], at[7] == 1), table._gateway);
            await table.DecideAsync(box, at);
        }
        foreach (TableBox box in boxes.Values)
            box.Dispose();
        return table;
    }

    private static SecuringOptions Options(Demand encrypt, Demand sign, bool signElse) => new()
    {
        SignWithoutCertificate = signElse,
        Rules = [new() { Remote = [s_anna.ToString()], Encrypt = encrypt, Sign = sign }],
    };

    private async Task DecideAsync(TableBox box, int[] at)
    {
        box.Keys = at[4] == 1 ? [.. _gateway, .. _user] : _gateway;
        box.Know(_certificates[at[2]].Known);
        MessageSecurity security = box.Box.Security;
        var envelope = new MessageEnvelope("table", Side.Inside, s_juro, [], BodyValue.SevenBit, ServerTakes8Bit: true);
        var outcomes = new Dictionary<Mailbox, string>();
        var described = new List<PolicyRecipient>();
        Mailbox[] recipients = at[1] == 0 ? [s_anna] : [s_anna, s_other];
        foreach (Mailbox recipient in recipients)
        {
            if (security.DecideRecipient(envelope, described, recipient, RecipientNotification.Default) is { } refusal)
                outcomes[recipient] = $"refused at RCPT, {refusal.Code} {refusal.EnhancedStatusCode}";
            else
                envelope = envelope with { Recipients = [.. envelope.Recipients, recipient] };
        }
        if (envelope.Recipients.Count > 0)
            await DecideMessageAsync(security, envelope, at[3], outcomes);

        string outcome = recipients.Length == 1 || outcomes[s_anna] == outcomes[s_other] ? outcomes[s_anna] : $"anna: {outcomes[s_anna]}; x: {outcomes[s_other]}";
        string log = box.TakeLog((_gateway[0].Identity.Certificate.Fingerprint[..16], "the box"), (_user[0].Identity.Certificate.Fingerprint[..16], "juro"));
        string signer = log.Contains("signed by juro", StringComparison.Ordinal) ? " by juro" : " by the box";
        Table.Add(at, outcome.Replace("signed", "signed" + signer, StringComparison.Ordinal), log);
        Check(at, outcomes[s_anna]);
    }

    private async Task DecideMessageAsync(MessageSecurity security, MessageEnvelope envelope, int message, Dictionary<Mailbox, string> outcomes)
    {
        if (security.DecideData(envelope) is { } refusal)
        {
            foreach (Mailbox recipient in envelope.Recipients)
                outcomes[recipient] = $"refused at DATA, {refusal.Code} {refusal.EnhancedStatusCode}";
            return;
        }
        if (!security.Touches(envelope))
        {
            foreach (Mailbox recipient in envelope.Recipients)
                outcomes[recipient] = "as it came";
            return;
        }
        switch (await security.DecideAsync(envelope, _headers[message], PipeReader.Create(new ReadOnlySequence<byte>(_bodies[message])), default))
        {
            case MessageDecision.Refuse refuse:
                foreach (Mailbox recipient in envelope.Recipients)
                    outcomes[recipient] = $"refused after the dot, {refuse.Reply.Code} {refuse.Reply.EnhancedStatusCode}";
                break;
            case MessageDecision.Stream stream:
                foreach (PlannedDelivery delivery in stream.Deliveries)
                {
                    foreach (int place in delivery.Recipients)
                        outcomes.Add(envelope.Recipients[place], Name(delivery.Protection));
                }
                break;
            default:
                throw new InvalidOperationException("a message that leaves is not held");
        }
    }

    private static string Name(Protection protection) => protection switch
    {
        Protection.None => "as it came",
        Protection.Signed => "clear-signed",
        Protection.Encrypted => "encrypted",
        _ => "signed and encrypted",
    };

    /// <summary>What must hold whatever the table says.</summary>
    private void Check(int[] at, string outcome)
    {
        string which = Table.Describe(at);
        bool refused = outcome.StartsWith("refused", StringComparison.Ordinal), encrypted = outcome.Contains("encrypted", StringComparison.Ordinal), signed = outcome.Contains("signed", StringComparison.Ordinal);
        bool cameEncrypted = _messages[at[3]].Name is "encrypted" or "signed then encrypted", came = _messages[at[3]].Name != "plain";
        bool hasCertificate = _certificates[at[2]].Name is "user" or "gateway";
        Assert.True((Demand)at[5] != Demand.Require || refused || encrypted || cameEncrypted, $"not encrypted: {which}: {outcome}");
        Assert.True((Demand)at[5] != Demand.Never || !encrypted, $"encrypted: {which}: {outcome}");
        Assert.True((Demand)at[6] != Demand.Require || refused || signed || came, $"not signed: {which}: {outcome}");
        Assert.True((Demand)at[6] != Demand.Never || !signed, $"signed: {which}: {outcome}");
        Assert.True(!encrypted || hasCertificate, $"encrypted to nobody: {which}: {outcome}");
        Assert.True(!hasCertificate || (Demand)at[5] == Demand.Never || refused || encrypted || cameEncrypted, $"in clear though there is a certificate: {which}: {outcome}");
    }
}

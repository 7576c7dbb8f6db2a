using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;
using Cstp.Core.Securing.Rules;
using Cstp.Core.Trust;
using Cstp.PolicyLiberal;
using Cstp.Tests.Trust;
using static Cstp.Tests.EndToEnd.SmimeWorkshop;

namespace Cstp.Tests.Securing.Table;

/// <summary>Every combination of what decides over a message that arrives.</summary>
internal sealed partial class InboundTable
{
    private const string Entity = "Content-Type: text/plain\r\n\r\nHello\r\n";
    private static readonly Mailbox s_anna = Mailbox.Parse("anna@intel.test"), s_juro = Mailbox.Parse("juro@amd.test");
    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow.AddMinutes(-1);
    private static readonly string[] s_signers = ["user", "gateway", "unknown", "expired", "revoked"];
    private static readonly string[] s_messages = ["plain", "clear-signed", "signed", "encrypted", "signed then encrypted", "encrypted then signed"];
    private static readonly string[] s_keys = ["the box's", "juro's (at the box)", "elsewhere"];

    private readonly OwnKey[] _gateway = [.. KeyGeneration.Create(KeyKind.P256, Mailbox.Parse("cstpbox@amd.test"), null, s_now)];
    private readonly OwnKey[] _user = [.. KeyGeneration.Create(KeyKind.P256, s_juro, s_juro, s_now)];
    private readonly TestCertificate[] _signers;
    private readonly Dictionary<(int Signer, int Message, int Key), byte[]> _octets = [];

    private InboundTable()
    {
        TestCertificate valid = TestCertificate.Of(s_anna.ToString()) with { NotBefore = s_now.AddDays(-900), NotAfter = s_now.AddDays(900) };
        _signers = [valid, TestCertificate.Of("cstpbox@intel.test") with { NotBefore = s_now.AddDays(-900), NotAfter = s_now.AddDays(900) }, valid with { Pkcs8 = new TestCertificate().Pkcs8 }, valid with { NotAfter = s_now.AddDays(-1) }, valid];
        Table = new RuleTable(
            "Mail that arrives",
            """
            anna@intel.test writes to juro@amd.test. "Signer" is what the box knows of the certificate that signed: trusted for anna, the trusted gateway of
            her domain, unknown, expired (and trusted), or refused by the administrator. "Message" is how it came; what is encrypted is
            so with AES-256-GCM. "Key" is where the key is that it is encrypted to. "Encrypt" and "sign" are what `[[securing.rules]]` say. The outcome names the
            layers that came off, and what Authentication-Results says.
            """,
            ("message", s_messages),
            ("signer", s_signers),
            ("key", s_keys),
            ("encrypt", ["prefer", "require", "never"]),
            ("sign", ["prefer", "require", "never"]));
    }

    public RuleTable Table { get; }

    public static async Task<InboundTable> MakeAsync()
    {
        var table = new InboundTable();
        foreach (int[] at in table.Table.Walk())
        {
            if (!table._octets.ContainsKey((at[1], at[0], at[2])))
                table._octets.Add((at[1], at[0], at[2]), await table.WriteAsync(at[1], at[0], at[2]));
        }
        foreach (IGrouping<(int Encrypt, int Sign), int[]> rule in table.Table.Walk().GroupBy(at => (at[3], at[4])))
        {
            var options = new SecuringOptions { Rules = [new() { Encrypt = (Demand)rule.Key.Encrypt, Sign = (Demand)rule.Key.Sign }] };
            using var box = new TableBox(new LiberalPolicy(), options, [.. table._gateway, .. table._user]);
            foreach (int[] at in rule)
                await table.DecideAsync(box, at);
        }
        return table;
    }

    private async Task<byte[]> WriteAsync(int signer, int message, int key)
    {
        CmsIdentity identity = _signers[signer].Identity;
        EncodedCertificate to = s_keys[key] switch
        {
            "the box's" => _gateway[0].Identity.Certificate,
            "elsewhere" => Identity("juro@amd.test").Certificate,
            _ => _user[0].Identity.Certificate,
        };
        Task<string> Enveloped(string entity) => EnvelopedAsync(entity, ContentCipher.Aes256Gcm, to);
        string outer = s_messages[message] switch
        {
            "plain" => Entity,
            "clear-signed" => await ClearSignedAsync(Entity, identity),
            "signed" => await OpaqueSignedAsync(Entity, identity),
            "encrypted" => await Enveloped(Entity),
            "signed then encrypted" => await Enveloped(await OpaqueSignedAsync(Entity, identity)),
            _ => await OpaqueSignedAsync(await Enveloped(Entity), identity),
        };
        return Octets($"From: anna@intel.test\r\nTo: juro@amd.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n{outer}");
    }

    private async Task DecideAsync(TableBox box, int[] at)
    {
        StoredCertificate[] known = s_signers[at[1]] switch
        {
            "gateway" => [_signers[at[1]].Stored(CertificateRole.Gateway, "intel.test")],
            "unknown" => [],
            "revoked" => [_signers[at[1]].Stored(CertificateRole.User, s_anna.ToString(), TrustState.Revoked)],
            _ => [_signers[at[1]].Stored(CertificateRole.User, s_anna.ToString())],
        };
        box.Know(known);
        byte[] octets = _octets[(at[1], at[0], at[2])];
        var envelope = new MessageEnvelope("table", Side.Outside, s_anna, [s_juro], BodyValue.SevenBit, ServerTakes8Bit: true);
        int end = octets.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        MessageDecision decision = await box.Box.Security.DecideAsync(
            envelope, HeaderSection.Parse(octets.AsMemory(0, end - 2)), PipeReader.Create(new ReadOnlySequence<byte>(octets.AsMemory(end))), default);
        using HeldMessage held = await box.Box.Spool.HoldAsync(octets, PipeReader.Create(ReadOnlySequence<byte>.Empty), default);
        if (decision is MessageDecision.Hold hold)
            decision = await hold.OpenAsync(held, default);
        string outcome = decision switch
        {
            MessageDecision.Refuse refuse => $"refused after the dot, {refuse.Reply.Code} {refuse.Reply.EnhancedStatusCode}",
            MessageDecision.Stream stream => Describe(await WrittenAsync(Assert.Single(stream.Deliveries), octets.AsMemory(end)), octets),
            _ => throw new InvalidOperationException("held twice"),
        };
        Table.Add(at, outcome, box.TakeLog());
        Check(at, outcome);
    }

    private static async Task<string> WrittenAsync(PlannedDelivery delivery, ReadOnlyMemory<byte> body)
    {
        var written = new MemoryStream();
        PipeWriter output = PipeWriter.Create(written);
        await delivery.WriteAsync(PipeReader.Create(new ReadOnlySequence<byte>(body)), output, default);
        await output.CompleteAsync();
        return Encoding.Latin1.GetString(written.ToArray());
    }

    private static string Describe(string written, byte[] came)
    {
        Match result = Result().Match(written);
        string said = result.Success ? $"smime={result.Groups[1].Value}" + (result.Groups[2].Success ? $" ({result.Groups[2].Value})" : "") : "no result";
        string what = written.EndsWith(Encoding.Latin1.GetString(came), StringComparison.Ordinal) ? "as it came"
            : written.EndsWith("\r\n\r\nHello\r\n", StringComparison.Ordinal) ? "opened"
            : "opened to the layer that stays";
        return $"{what}, {said}";
    }

    /// <summary>What must hold whatever the table says.</summary>
    private void Check(int[] at, string outcome)
    {
        string which = Table.Describe(at);
        bool refused = outcome.StartsWith("refused", StringComparison.Ordinal), passes = outcome.Contains("smime=pass", StringComparison.Ordinal);
        bool signed = s_messages[at[0]].Contains("signed", StringComparison.Ordinal), encrypted = s_messages[at[0]].Contains("encrypted", StringComparison.Ordinal);
        Assert.True((Demand)at[4] != Demand.Require || refused || passes, $"not verified: {which}: {outcome}");
        Assert.True((Demand)at[3] != Demand.Require || refused || encrypted, $"not encrypted: {which}: {outcome}");
        Assert.True(!passes || (signed && s_signers[at[1]] is "user" or "gateway"), $"passes as verified: {which}: {outcome}");
        Assert.True((Demand)at[4] != Demand.Never || !passes, $"verified though it shall not be: {which}: {outcome}");
        Assert.True((Demand)at[3] != Demand.Never || !encrypted || outcome.StartsWith("as it came", StringComparison.Ordinal) || refused || s_messages[at[0]] == "encrypted then signed", $"opened though it shall not be: {which}: {outcome}");
        Assert.True(!(s_keys[at[2]] == "elsewhere" && encrypted) || !outcome.StartsWith("opened,", StringComparison.Ordinal), $"opened without key: {which}: {outcome}");
    }

    [GeneratedRegex("""^Authentication-Results: cstp\.amd\.test;\s+smime=(\w+)(?:\s+reason="([^"]*)")?""")]
    private static partial Regex Result();
}

using System.Text;
using Cstp.Abstractions;
using Cstp.Core.Mime;
using Cstp.Core.Securing;

namespace Cstp.Core.Smime;

/// <summary>How far a message is opened, and what its header section becomes.</summary>
/// <param name="Depth">Layers that come off.</param>
/// <param name="Final">The entity that is delivered.</param>
/// <param name="IsInnermost">Whether nothing was found inside it.</param>
/// <param name="Outer">The header fields that are delivered.</param>
/// <param name="BodyHoldsHeader">Whether the original header section stands in the body: no empty line is written then.</param>
/// <param name="NeedsBase64">Whether the layer that stays is binary and gets base64 for the way.</param>
/// <param name="Results">For Authentication-Results.</param>
/// <param name="Layers">For the report.</param>
/// <param name="Reason">In words; null for none.</param>
/// <param name="Refusal">Where the message must not be delivered at all.</param>
/// <param name="NotBound">Places of the recipients for whom it was not sealed.</param>
/// <param name="IsInternational">Whether what comes out needs SMTPUTF8, though what came may not have.</param>
/// <param name="IsBinary">Whether the box that sealed it says that the body is binary.</param>
internal sealed record LayerDecision(
    int Depth,
    WalkedEntity Final,
    bool IsInnermost,
    IReadOnlyList<HeaderField> Outer,
    bool BodyHoldsHeader,
    bool NeedsBase64,
    IReadOnlyList<SmimeResult> Results,
    IReadOnlyList<LayerReport> Layers,
    string? Reason,
    Reply? Refusal,
    IReadOnlyList<int> NotBound,
    bool IsInternational,
    bool IsBinary);

/// <summary>Decides from the outside in which layers come off.</summary>
internal sealed class LayerJudgement
{
    private const string NoEntity = "the content is no MIME entity";

    private readonly SignatureJudge _judge;
    private readonly SecuringOptions _options;
    private readonly AuthenticationResults _authentication;
    private readonly OpeningRequest _request;
    private readonly List<SmimeResult> _results = [];
    private readonly List<LayerReport> _layers = [];
    private IReadOnlyList<HeaderField> _outer;
    private WalkedEntity _entity;
    private int _depth;
    private bool _bodyHoldsHeader;
    private bool _decrypted;
    private bool _signed;
    private bool _withoutIntegrity;
    private bool _isInternational;
    private bool _isBinary;
    private string? _reason;
    private Reply? _refusal;
    private int[] _notBound = [];

    /// <summary>Prepares the decision.</summary>
    /// <param name="learned">What was learned.</param>
    /// <param name="judge">Judges signatures.</param>
    /// <param name="options">Section <c>[securing]</c>.</param>
    /// <param name="authentication">Tells forged fields.</param>
    /// <param name="request">Keys and surroundings.</param>
    public LayerJudgement(WalkedEntity learned, SignatureJudge judge, SecuringOptions options, AuthenticationResults authentication, OpeningRequest request)
    {
        _entity = learned;
        _judge = judge;
        _options = options;
        _authentication = authentication;
        _request = request;
        _outer = [.. learned.Header.Fields.Where(f => !authentication.IsForged(f))];
        _bodyHoldsHeader = !learned.Header.HasEmptyLine;
    }

    /// <summary>Decides.</summary>
    public LayerDecision Decide()
    {
        while (_entity.Finding is not null && TakeOff())
        {
            _entity = _entity.Inner!;
            _depth++;
        }
        ReportInside();
        if (_decrypted && !_signed && _results.Count == 0)
            _results.Add(new SmimeResult("none", WhyNone()));
        bool needsBase64 = _depth > 0 && EntityKind.Of(_entity.Header) is EntityKind.Opaque { Encoding: TransferEncoding.Identity }
            && (_entity.Scan.HasNul || _entity.Scan.HasBareCarriageReturn || _entity.Scan.HasEightBit);
        return new LayerDecision(
            _depth, _entity, _entity.Finding is null, needsBase64 ? InBase64(_outer) : _outer, _bodyHoldsHeader, needsBase64, _results, _layers, _reason, _refusal, _notBound, _isInternational, _isBinary);
    }

    /// <summary>A clear signature that holds and stays is a window: what it covers is reported, though nothing of it is opened.</summary>
    private void ReportInside()
    {
        if (!_request.ChecksSignatures)
            return;
        WalkedEntity window = _entity;
        while (_layers.Count > 0 && window.Finding is LayerFinding.Signed { IsClear: true } && _layers[^1].Result != "invalid"
            && window.Inner is { Finding: LayerFinding.Signed inside } inner)
        {
            _layers.Add(_judge.Judge(inside, Author.Of(_outer)).Report);
            window = inner;
        }
    }

    private string WhyNone() =>
        (_withoutIntegrity ? "no integrity: " : "") + (_request.ChecksSignatures ? "encrypted, not signed" : "encrypted; signatures are not checked for this recipient");

    /// <summary>Judges the layer at hand.</summary>
    /// <returns>Whether it comes off.</returns>
    private bool TakeOff()
    {
        switch (_entity.Finding)
        {
            case LayerFinding.Unreadable unreadable:
                _layers.Add(new LayerReport(unreadable.IsClear ? "clearSigned" : "signed", "invalid", unreadable.Reason, new Dictionary<string, string>(), []));
                _results.Add(new SmimeResult("neutral", unreadable.Reason));
                return false;
            case LayerFinding.Unopened unopened:
                _reason = unopened.Reason;
                return false;
            case LayerFinding.Encrypted encrypted:
                return TakeOff(encrypted);
            default:
                return TakeOff((LayerFinding.Signed)_entity.Finding!);
        }
    }

    private bool TakeOff(LayerFinding.Encrypted layer)
    {
        string kind = layer.IsAuthEnveloped ? "authEnveloped" : "enveloped";
        switch (layer.Result)
        {
            case DecryptionResult.NoMatchingKey none:
                _layers.Add(new LayerReport(kind, "noKey", $"encrypted for {none.Recipients} recipients, none of them ours", Content(none.ContentEncryption), []));
                return false;
            case DecryptionResult.Failed failed:
                return Keep(kind, failed.Reason, new Dictionary<string, string>());
        }
        var decrypted = (DecryptionResult.Decrypted)layer.Result;
        var algorithms = new Dictionary<string, string> { ["content"] = decrypted.ContentEncryption, ["key"] = decrypted.KeyManagement };
        if (!decrypted.Authenticated && !MayComeOff(decrypted, kind, algorithms))
            return false;
        if (_request.GatewayKeys.Contains(decrypted.Key) && SealedForOthers(_entity.Inner!))
        {
            const string Others = "sealed for other recipients";
            _results.Add(new SmimeResult("policy", Others));
            return Keep(kind, Others, algorithms);
        }
        if (!IsEntity(_entity.Inner!.Header))
            return Keep(kind, NoEntity, algorithms);
        _decrypted = true;
        _layers.Add(new LayerReport(kind, "decrypted", null, algorithms, []));
        _outer = OuterHeader.Replace(_outer, _entity.Inner!.Header);
        return true;
    }

    /// <summary>CBC gives no integrity: what is inside decides (EFAIL).</summary>
    private bool MayComeOff(DecryptionResult.Decrypted decrypted, string kind, Dictionary<string, string> algorithms)
    {
        WalkedEntity inner = _entity.Inner!;
        bool byGateway = _request.GatewayKeys.Contains(decrypted.Key);
        if (inner.Finding is LayerFinding.Signed signed)
        {
            SignatureVerdict verdict = _judge.Judge(signed, ShownAuthor(inner, OuterHeader.Replace(_outer, inner.Header)));
            if (!verdict.Verified)
                return Keep(kind, "CBC around a signature that does not verify", algorithms);
            if (byGateway && _options.GatewayAuthenticatedOnly && !verdict.Trusted)
                return Keep(kind, "the gateway key opens CBC only around a trusted signature", algorithms);
            return true;
        }
        if (inner.Finding is LayerFinding.Unreadable unreadable)
            return Keep(kind, $"CBC around a signature that cannot be read ({unreadable.Reason})", algorithms);
        if (byGateway && _options.GatewayAuthenticatedOnly)
            return Keep(kind, "the gateway key opens CBC only around a trusted signature", algorithms);
        switch (_options.Unauthenticated)
        {
            case UnauthenticatedContent.Keep:
                return Keep(kind, "encrypted without integrity ([securing] unauthenticated = \"keep\")", algorithms);
            case UnauthenticatedContent.Refuse:
                Keep(kind, "encrypted without integrity ([securing] unauthenticated = \"refuse\")", algorithms);
                _refusal = new Reply(550, "5.7.7", "Encrypted without integrity protection, which is not accepted here; sign the message or use authenticated encryption");
                return false;
        }
        if (!LooksLikeMail(inner))
            return Keep(kind, "CBC content that does not look like mail", algorithms);
        _withoutIntegrity = true;
        return true;
    }

    /// <summary>
    /// Whether the box that sealed it meant others: a captured message, sent again to somebody else behind this box, stays closed.
    /// The signature around the block holds, so nobody changed the list, whoever is trusted.
    /// </summary>
    private bool SealedForOthers(WalkedEntity content)
    {
        if (content is not { Finding: LayerFinding.Signed signed, Inner: { } inner } || SealedBlock.TryRead(inner.Header) is not { Recipients.Count: > 0 } block)
            return false;
        if (!_judge.Judge(signed, default).Verified)
            return false;
        var bound = new HashSet<string>(block.Recipients, StringComparer.OrdinalIgnoreCase);
        _notBound = [.. Enumerable.Range(0, _request.Recipients.Count).Where(i =>
            !bound.Contains(SealedBlock.DigestOf(_request.Recipients[i].Address)) && !bound.Contains(SealedBlock.DigestOf(_request.Recipients[i].User)))];
        return _notBound.Length > 0;
    }

    private bool TakeOff(LayerFinding.Signed layer)
    {
        WalkedEntity inner = _entity.Inner!;
        SealedBlock? block = SealedBlock.TryRead(inner.Header);
        // What a box sealed cannot be opened without: the signature says for whom it was.
        if (!_request.ChecksSignatures && block is null)
        {
            _reason = "a rule leaves signatures unchecked";
            return false;
        }
        SignatureVerdict verdict = _judge.Judge(layer, ShownAuthor(inner, _outer));
        _signed = true;
        bool isProtected = block is null && verdict.ForSender && IsProtected(inner.Header);
        if (isProtected && !Equals(OuterHeader.FromOf(inner.Header.Fields), OuterHeader.FromOf(_outer)))
        {
            const string Differs = "the protected From is not the outer From";
            _layers.Add(verdict.Report with { Result = "untrusted", Reason = Differs });
            _results.Add(verdict.Result with { Result = "policy", Reason = Differs });
            return false;
        }
        _layers.Add(verdict.Report);
        _results.Add(verdict.Result);
        if (!verdict.Verified)
            return false;
        if (!IsEntity(inner.Header))
        {
            _reason = NoEntity;
            return false;
        }
        // A user's clear signature stays for the reader's own program, unless what it covers is for us to open.
        if (layer.IsClear && !verdict.ByGateway && inner.Finding is not LayerFinding.Encrypted { Result: DecryptionResult.Decrypted })
            return false;
        if (block is not null && (verdict.ByGateway || verdict.ForSender))
        {
            _outer = OuterHeader.Restore(_outer, inner.Header, block, _authentication.IsForged);
            _bodyHoldsHeader = block.ContentType == SealedContentType.Message;
            _isInternational |= block.IsInternational;
            _isBinary |= block.IsBinary;
        }
        else
            _outer = isProtected ? OuterHeader.Protect(_outer, inner.Header) : OuterHeader.Replace(_outer, inner.Header);
        return true;
    }

    /// <summary>The From and Sender that the reader will see: a sealed message brings its own.</summary>
    private static Author ShownAuthor(WalkedEntity inner, IReadOnlyList<HeaderField> outer)
    {
        if (inner.Header is { } header && SealedBlock.TryRead(header) is { } block)
            return Author.Of(block.ContentType == SealedContentType.Message ? block.OuterFields(header) : block.OriginalFields(header));
        return Author.Of(outer);
    }

    /// <summary>What has no header section, or one over the limit, cannot stand in the place of the layer: nothing may be lost.</summary>
    private static bool IsEntity(HeaderSection header) => header.HasEmptyLine || (header.Fields.Count > 0 && header.Fields.All(f => f.IsWellFormed));

    private bool Keep(string kind, string reason, IReadOnlyDictionary<string, string> algorithms)
    {
        _layers.Add(new LayerReport(kind, "failed", reason, algorithms, []));
        _reason = reason;
        return false;
    }

    private static bool IsProtected(HeaderSection header) =>
        header.All("Content-Type").FirstOrDefault() is { IsWellFormed: true } type && EntityKind.Parse(type)?.Parameters.Contains("hp") == true;

    /// <summary>Garbage blocks of changed ciphertext show in the header section, or as 8-bit octets where 7 bits are said.</summary>
    private static bool LooksLikeMail(WalkedEntity inner)
    {
        if (!inner.Header.IsWellFormed || inner.Header.Raw.Span.IndexOfAnyExceptInRange((byte)' ', (byte)'~') is >= 0 && !IsPrintable(inner.Header.Raw.Span))
            return false;
        string encoding = EntityKind.EncodingOf(inner.Header.Fields);
        // What is not binary has no NUL, and no CR without LF (RFC 2045 2.7, 2.8).
        return encoding == "binary" || (!inner.Scan.HasNul && !inner.Scan.HasBareCarriageReturn && (encoding == "8bit" || !inner.Scan.HasEightBit));
    }

    private static bool IsPrintable(ReadOnlySpan<byte> header)
    {
        foreach (byte octet in header)
        {
            if (octet is not ((byte)'\r' or (byte)'\n' or (byte)'\t') && octet is < (byte)' ' or > (byte)'~')
                return false;
        }
        return true;
    }

    private static Dictionary<string, string> Content(string algorithm) => new() { ["content"] = algorithm };

    private static List<HeaderField> InBase64(IReadOnlyList<HeaderField> outer)
    {
        var fields = outer.Where(f => !f.Is("Content-Transfer-Encoding")).ToList();
        fields.Add(new HeaderField(Encoding.ASCII.GetBytes("Content-Transfer-Encoding: base64\r\n")));
        return fields;
    }
}

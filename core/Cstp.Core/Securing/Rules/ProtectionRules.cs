using Cstp.Abstractions;

namespace Cstp.Core.Securing.Rules;

/// <summary>Section <c>[securing]</c> as far as it speaks of single users and messages, ready to be asked. Immutable; safe for all threads.</summary>
internal sealed class ProtectionRules
{
    private readonly Entry[] _outbound;
    private readonly Entry[] _inbound;

    /// <summary>Takes options that were validated.</summary>
    /// <param name="options">The options.</param>
    public ProtectionRules(SecuringOptions options)
    {
        _outbound = [.. options.Rules.Where(rule => rule.Direction != RuleDirection.Inbound).Select(rule => new Entry(rule))];
        _inbound = [.. options.Rules.Where(rule => rule.Direction != RuleDirection.Outbound).Select(rule => new Entry(rule))];
        Users = new UserAddresses(options.Aliases, options.SubaddressSeparators);
        Triggers = new SenderTriggers(options.Triggers);
        Unencrypted = options.SignWithoutCertificate ? Protection.Signed : Protection.None;
    }

    /// <summary>Under which address a user's certificates and keys are stored.</summary>
    public UserAddresses Users { get; }

    /// <summary>By what a sender demands protection.</summary>
    public SenderTriggers Triggers { get; }

    /// <summary>What a message gets that is not encrypted, where no rule speaks of its signature (rule 2).</summary>
    public Protection Unencrypted { get; }

    /// <summary>What is demanded of a message that leaves.</summary>
    /// <param name="sender">The reverse-path.</param>
    /// <param name="recipient">The remote recipient.</param>
    public ProtectionDemand Outbound(Mailbox? sender, Mailbox recipient) => Find(_outbound, sender, recipient);

    /// <summary>What is demanded of a message that arrives.</summary>
    /// <param name="senders">
    /// Everybody it claims to come from: the reverse-path and all From addresses. Each is a claim, so the strictest demand counts;
    /// otherwise a forged address could choose a mild rule.
    /// </param>
    /// <param name="anybody">Whether a From could not be read: then it counts as everybody.</param>
    /// <param name="recipient">The local recipient.</param>
    public ProtectionDemand Inbound(IReadOnlyList<Mailbox?> senders, bool anybody, Mailbox recipient)
    {
        if (_inbound.Length == 0)
            return default;
        ProtectionDemand? strictest = null;
        foreach (Mailbox? sender in senders)
        {
            ProtectionDemand demand = Find(_inbound, recipient, sender);
            strictest = strictest?.Stricter(demand) ?? demand;
        }
        if (anybody)
        {
            Entry[] possible = [.. _inbound.Where(rule => rule.MatchesLocal(recipient))];
            var demand = new ProtectionDemand(
                possible.Any(rule => rule.Encrypt == Demand.Require) ? Demand.Require : Demand.Prefer,
                possible.Any(rule => rule.Sign == Demand.Require) ? Demand.Require : Demand.Prefer);
            strictest = strictest?.Stricter(demand) ?? demand;
        }
        return strictest ?? default;
    }

    private static ProtectionDemand Find(Entry[] rules, Mailbox? local, Mailbox? remote)
    {
        Demand? encrypt = null, sign = null;
        foreach (Entry rule in rules)
        {
            if (!rule.Matches(local, remote))
                continue;
            encrypt ??= rule.Encrypt;
            sign ??= rule.Sign;
        }
        return new(encrypt ?? Demand.Prefer, sign ?? Demand.Prefer);
    }

    private sealed class Entry(SecuringRule rule)
    {
        private readonly AddressPattern[] _local = Parse(rule.Local);
        private readonly AddressPattern[] _remote = Parse(rule.Remote);

        public Demand? Encrypt => rule.Encrypt;

        public Demand? Sign => rule.Sign;

        public bool Matches(Mailbox? local, Mailbox? remote) => MatchesLocal(local) && _remote.Any(pattern => pattern.Matches(remote));

        public bool MatchesLocal(Mailbox? local) => _local.Any(pattern => pattern.Matches(local));

        private static AddressPattern[] Parse(IReadOnlyList<string> texts) =>
            [.. texts.Select(text => AddressPattern.TryParse(text, out AddressPattern? pattern) ? pattern : throw new ArgumentException($"'{text}' is no address pattern"))];
    }
}

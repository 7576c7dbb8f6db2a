using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace Cstp.Core.Trust;

/// <summary>The policies that a certification path is valid for (RFC 5280 6.1 as RFC 9618 5 changes it).</summary>
/// <remarks>
/// A graph, not a tree: one node for each policy and depth, so that its size is that of the certificates, whatever they map to each other. The
/// library follows a policy to the first one that it was mapped from alone, and so loses the others.
/// </remarks>
internal sealed class CertificatePolicyGraph
{
    /// <summary>The special policy anyPolicy (RFC 5280 4.2.1.4).</summary>
    public const string AnyPolicy = "2.5.29.32.0";

    private Dictionary<string, Node>? _above;
    private Dictionary<string, Node>? _level = new() { [AnyPolicy] = new(AnyPolicy, []) };
    private readonly List<Dictionary<string, Node>> _levels = [];
    private int _explicitPolicy;
    private int _policyMapping;
    private int _inhibitAnyPolicy;

    private CertificatePolicyGraph(int length, CertificationPathConditions conditions)
    {
        _explicitPolicy = conditions.RequiresPolicy ? 0 : length + 1;
        _policyMapping = conditions.InhibitsPolicyMapping ? 0 : length + 1;
        _inhibitAnyPolicy = conditions.InhibitsAnyPolicy ? 0 : length + 1;
    }

    /// <summary>Finds the user-constrained-policy-set.</summary>
    /// <param name="path">The certificates below the trusted authority, the one in question last.</param>
    /// <param name="conditions">What the path is held to.</param>
    /// <returns>Object identifiers, <see cref="AnyPolicy"/> for all; null where a policy is required and none is left.</returns>
    public static IReadOnlyList<string>? Find(IReadOnlyList<X509Certificate> path, CertificationPathConditions conditions)
    {
        var graph = new CertificatePolicyGraph(path.Count, conditions);
        foreach (X509Certificate certificate in path)
        {
            bool last = ReferenceEquals(certificate, path[^1]);
            bool selfIssued = certificate.SubjectDN.Equivalent(certificate.IssuerDN, true);
            graph.Descend(certificate, anyPolicyCounts: graph._inhibitAnyPolicy > 0 || (!last && selfIssued));
            if (graph._explicitPolicy == 0 && graph._level is null)
                return null;
            if (!last)
                graph.Map(certificate);
            graph.Count(certificate, last, selfIssued);
        }
        IReadOnlyList<string> policies = graph.UserConstrained(conditions.AcceptablePolicies);
        return graph._explicitPolicy == 0 && policies.Count == 0 ? null : policies;
    }

    /// <summary>RFC 5280 6.1.3 (d), (e).</summary>
    private void Descend(X509Certificate certificate, bool anyPolicyCounts)
    {
        _above = _level;
        _level = null;
        if (_above is null || certificate.GetExtensionParsedValue(X509Extensions.CertificatePolicies) is not { } value)
            return;
        HashSet<string> policies = [.. Asn1Sequence.GetInstance(value).Select(policy => PolicyInformation.GetInstance(policy).PolicyIdentifier.Id)];
        ILookup<string, Node> expecting = _above.Values.SelectMany(node => node.Expected.Select(policy => (policy, node))).ToLookup(pair => pair.policy, pair => pair.node);
        var level = new Dictionary<string, Node>();
        foreach (string policy in policies.Where(policy => policy != AnyPolicy))
        {
            if (expecting.Contains(policy))
                level[policy] = new(policy, [.. expecting[policy]]);
            else if (_above.TryGetValue(AnyPolicy, out Node? any))
                level[policy] = new(policy, [any]);
        }
        if (policies.Contains(AnyPolicy) && anyPolicyCounts)
        {
            foreach (IGrouping<string, Node> expected in expecting.Where(expected => !level.ContainsKey(expected.Key)))
                level[expected.Key] = new(expected.Key, [.. expected]);
        }
        Keep(level);
    }

    /// <summary>RFC 5280 6.1.4 (b).</summary>
    private void Map(X509Certificate certificate)
    {
        if (_level is not { } level || certificate.GetExtensionParsedValue(X509Extensions.PolicyMappings) is not { } value)
            return;
        _levels.RemoveAt(_levels.Count - 1);
        foreach (IGrouping<string, string> mapping in Asn1Sequence.GetInstance(value).Select(Asn1Sequence.GetInstance).ToLookup(Policy(0), Policy(1)))
        {
            if (_policyMapping == 0)
            {
                level.Remove(mapping.Key);
                continue;
            }
            if (!level.ContainsKey(mapping.Key) && level.ContainsKey(AnyPolicy))
                level[mapping.Key] = new(mapping.Key, [_above![AnyPolicy]]);
            if (level.TryGetValue(mapping.Key, out Node? mapped))
                mapped.Expected = [.. mapping];
        }
        Keep(level);

        static Func<Asn1Sequence, string> Policy(int index) => mapping => DerObjectIdentifier.GetInstance(mapping[index]).Id;
    }

    /// <summary>RFC 5280 6.1.4 (h), (i), (j) and 6.1.5 (a), (b).</summary>
    private void Count(X509Certificate certificate, bool last, bool selfIssued)
    {
        if (last || !selfIssued)
        {
            _explicitPolicy = Math.Max(0, _explicitPolicy - 1);
            _policyMapping = Math.Max(0, _policyMapping - 1);
            _inhibitAnyPolicy = Math.Max(0, _inhibitAnyPolicy - 1);
        }
        foreach (Asn1TaggedObject constraint in Sequence(certificate, X509Extensions.PolicyConstraints).Select(item => Asn1TaggedObject.GetInstance(item)))
        {
            int skip = Skip(DerInteger.GetInstance(constraint, false));
            if (constraint.TagNo == 0 && (!last || skip == 0))
                _explicitPolicy = Math.Min(_explicitPolicy, skip);
            else if (constraint.TagNo == 1)
                _policyMapping = Math.Min(_policyMapping, skip);
        }
        if (certificate.GetExtensionParsedValue(X509Extensions.InhibitAnyPolicy) is { } inhibit)
            _inhibitAnyPolicy = Math.Min(_inhibitAnyPolicy, Skip(DerInteger.GetInstance(inhibit)));
    }

    /// <summary>RFC 5280 6.1.5 (g).</summary>
    private IReadOnlyList<string> UserConstrained(IReadOnlyList<string> acceptable)
    {
        if (_level is null)
            return [];
        var authorityConstrained = new SortedSet<string>(StringComparer.Ordinal);
        if (_level.ContainsKey(AnyPolicy))
            authorityConstrained.Add(AnyPolicy);
        HashSet<Node> live = [.. _level.Values];
        for (int depth = _levels.Count - 1; depth >= 0; depth--)
        {
            foreach (Node node in _levels[depth].Values.Where(live.Contains))
            {
                if (node.Policy != AnyPolicy && node.Parents.Any(parent => parent.Policy == AnyPolicy))
                    authorityConstrained.Add(node.Policy);
                live.UnionWith(node.Parents);
            }
        }
        if (acceptable.Count == 0 || acceptable.Contains(AnyPolicy))
            return [.. authorityConstrained];
        return [.. acceptable.Where(policy => authorityConstrained.Contains(policy) || authorityConstrained.Contains(AnyPolicy)).Distinct().Order(StringComparer.Ordinal)];
    }

    private void Keep(Dictionary<string, Node> level)
    {
        _level = level.Count == 0 ? null : level;
        if (_level is not null)
            _levels.Add(level);
    }

    private static IEnumerable<Asn1Encodable> Sequence(X509Certificate certificate, DerObjectIdentifier extension) =>
        certificate.GetExtensionParsedValue(extension) is { } value ? Asn1Sequence.GetInstance(value) : DerSequence.Empty;

    private static int Skip(DerInteger certificates) => certificates.PositiveValue.BitLength < 31 ? certificates.IntValueExact : int.MaxValue;

    private sealed class Node(string policy, IReadOnlyList<Node> parents)
    {
        public string Policy => policy;

        public IReadOnlyList<Node> Parents => parents;

        public IReadOnlyList<string> Expected { get; set; } = [policy];
    }
}

namespace PolicySample;

/// <summary>The section [module.policy-sample].</summary>
public sealed class Settings
{
    /// <summary>confidential_domains = ["example.org"]: mail to these goes encrypted or not at all.</summary>
    public List<string> ConfidentialDomains { get; set; } = [];
}

using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Securing.Rules;

/// <summary>Section <c>[securing.triggers]</c>: by what a local sender demands protection for one message. All off by default.</summary>
internal sealed record TriggerOptions
{
    /// <summary>A header field with the words <c>encrypt</c> and <c>sign</c>, a comma between; empty for none.</summary>
    [RegularExpression("[A-Za-z0-9-]{0,64}", ErrorMessage = "must be a field name of letters, digits and hyphens, like \"X-Cstp\"")]
    public string Header { get; init; } = "";

    /// <summary>A text at the beginning or end of the Subject that demands encryption, like <c>[encrypt]</c>; empty for none.</summary>
    [RegularExpression("[!-~]{0,40}", ErrorMessage = "must be at most 40 printable ASCII characters without spaces")]
    public string EncryptTag { get; init; } = "";

    /// <summary>A text at the beginning or end of the Subject that demands a signature; empty for none.</summary>
    [RegularExpression("[!-~]{0,40}", ErrorMessage = "must be at most 40 printable ASCII characters without spaces")]
    public string SignTag { get; init; } = "";
}

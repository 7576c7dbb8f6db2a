using System.Text;
using Cstp.Core.Smtp;

namespace Cstp.Fuzz.Targets;

/// <summary>A parser with a fault: a run that does not find it would find nothing else either.</summary>
internal sealed class PlantedTarget : FuzzTarget
{
    /// <inheritdoc/>
    public override void Take(byte[] input) => FuzzFinding.Unless(SmtpCommand.Parse(Encoding.Latin1.GetString(input)).Verb != "FAULT", "the planted fault");

    /// <inheritdoc/>
    public override IEnumerable<(string Name, byte[] Octets)> Seeds() => [("harmless", Octets("NOOP harmless"))];

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Dictionary() => [Octets("fault ")];
}

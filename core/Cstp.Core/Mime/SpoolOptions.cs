using System.ComponentModel.DataAnnotations;

namespace Cstp.Core.Mime;

/// <summary>Section <c>[spool]</c>: where an incoming message waits while it is verified.</summary>
internal sealed record SpoolOptions
{
    /// <summary>The folder for what does not fit into memory; files there are encrypted and unlinked. Never a tmpfs.</summary>
    public string Folder { get; init; } = "/var/tmp";

    /// <summary>Octets of one message that are held in memory before a file is used.</summary>
    [Range(0, 64 * 1024 * 1024)]
    public int MemoryPerMessage { get; init; } = 256 * 1024;

    /// <summary>Octets that all messages together may hold in memory.</summary>
    [Range(0, 1024 * 1024 * 1024)]
    public int Memory { get; init; } = 32 * 1024 * 1024;
}

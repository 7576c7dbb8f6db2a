using System.CommandLine;
using Cstp.Abstractions;
using Cstp.Host.Configuration;

namespace Cstp.Host.Commands;

/// <summary>Whose key a command is about: <c>--gateway</c> or <c>--user ADDRESS</c>.</summary>
internal sealed class KeyOwnerOptions
{
    /// <summary>The box's.</summary>
    public Option<bool> Gateway { get; } = new("--gateway") { Description = "The key of the box itself." };

    /// <summary>A local user's.</summary>
    public Option<Mailbox?> User { get; } = CommonOptions.Address("--user", "The key of this local user.");

    /// <summary>Demands exactly one of them.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command) => command.Validators.Add(result =>
    {
        bool gateway = result.GetResult(Gateway) is { Implicit: false }, user = result.GetResult(User) is { Implicit: false };
        if (gateway == user)
            result.AddError("say whose key it is: either --gateway or --user ADDRESS");
    });

    /// <summary>Reads the owner.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="settings">Knows the local domains.</param>
    /// <returns>The local user, or null for the gateway.</returns>
    /// <exception cref="CommandException">The user is not local.</exception>
    public Mailbox? Read(ParseResult parsed, CstpSettings settings)
    {
        Mailbox? user = parsed.GetValue(User);
        return user is null || settings.Box.Domains.Contains(user.Domain, StringComparer.OrdinalIgnoreCase)
            ? user
            : throw new CommandException(ExitStatus.Usage, $"{user} is no local user; the box serves {string.Join(", ", settings.Box.Domains)} ([box] domains)");
    }
}

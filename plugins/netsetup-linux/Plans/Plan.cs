using System.Text;

namespace Cstp.NetsetupLinux.Plans;

/// <summary>What is to be done, in order; nothing where everything is as it shall be.</summary>
/// <param name="Steps">The steps.</param>
internal sealed record Plan(IReadOnlyList<PlanStep> Steps)
{
    /// <summary>As a script that can be read, and run.</summary>
    /// <param name="what">What it does, for its first line.</param>
    public string Script(string what)
    {
        var script = new StringBuilder($"#!/bin/sh -e\n# {what}\n");
        if (Steps.Count == 0)
            return script.Append("# nothing to do: everything is as it shall be\n").ToString();
        string? why = null;
        foreach (PlanStep step in Steps)
        {
            if (step.Why != why)
                script.Append($"\n# {why = step.Why}\n");
            script.Append(step.Script).Append('\n');
        }
        return script.ToString();
    }

    /// <summary>Does it.</summary>
    /// <param name="cancel">Ends the attempt between two steps.</param>
    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (PlanStep step in Steps)
            await step.RunAsync(cancel);
    }
}

namespace Cstp.Conformance.Running;

/// <summary>Runs one rule and turns whatever happens into a row.</summary>
internal static class RowRunner
{
    private const int LongestDetail = 500;

    /// <summary>How long a row may take.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Runs a rule. A module that never answers is left behind with its thread.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="check">Checks it; ends with an exception where it does not hold.</param>
    /// <param name="limit">When to stop waiting.</param>
    /// <param name="cancel">Ends the run, without a row.</param>
    public static async Task<ConformanceRow> RunAsync(ConformanceRule rule, Func<CancellationToken, Task> check, TimeSpan limit, CancellationToken cancel)
    {
        // Not disposed: a check that is left behind may still look at the token.
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task run = Task.Factory.StartNew(() => check(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        try
        {
            await run.WaitAsync(limit, cancel);
            return Row(rule, ConformanceResult.Holds, "");
        }
        catch (TimeoutException) when (!run.IsCompleted)
        {
            _ = stop.CancelAsync();
            _ = run.ContinueWith(static left => left.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return Row(rule, ConformanceResult.Fails, $"no answer within {limit.TotalSeconds:0} s");
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (NotSupported none)
        {
            return Row(rule, ConformanceResult.Unsupported, none.Message);
        }
        catch (Shortfall broken)
        {
            return Row(rule, ConformanceResult.Fails, broken.Message);
        }
        // Whatever a module throws is what this row is about.
        catch (Exception thrown)
        {
            return Row(rule, ConformanceResult.Fails, $"threw {thrown.GetType().Name}: {thrown.Message}");
        }
    }

    private static ConformanceRow Row(ConformanceRule rule, ConformanceResult result, string detail) =>
        new(rule.Id, rule.Title, result, detail.Length > LongestDetail ? detail[..LongestDetail] + "…" : detail);
}

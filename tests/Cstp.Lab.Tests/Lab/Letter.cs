namespace Cstp.Lab.Tests.Lab;

/// <summary>A message of a test, told from all others by its secret.</summary>
internal sealed record Letter(string Secret, string Text)
{
    /// <summary>Writes one; lines end in LF, as swaks and Maildir have them.</summary>
    public static Letter Write(string to, int lines = 3)
    {
        string secret = $"for-the-recipients-eyes-{Guid.NewGuid():n}";
        return new(secret, $"From: Juro <juro@amd>\nTo: {to}\nSubject: {secret}\nMessage-ID: <{Guid.NewGuid():n}@amd>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n" +
            $"Content-Type: text/plain; charset=us-ascii\n\n{secret}\n.\n..\nFrom the start of a line\n" + string.Concat(Enumerable.Range(1, lines).Select(line => $"line {line} of {secret}\n")));
    }

    /// <summary>Requires that a stored message is the one that was sent, below the fields of the servers on its way.</summary>
    public void AssertOctetsIn(string stored) => Assert.EndsWith("\n" + Text, stored.TrimEnd('\n') + "\n", StringComparison.Ordinal);
}

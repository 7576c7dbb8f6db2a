using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cstp.Core.Smtp;

namespace Cstp.Tests.Smtp;

/// <summary>What arrives on a socket is given once and in order, in a buffer that grows for content and shrinks afterwards.</summary>
public sealed class SocketInputTests : IDisposable
{
    private readonly Socket _near;
    private readonly Socket _far;
    private readonly SocketInput _input;

    public SocketInputTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _far.Connect(listener.LocalEndPoint!);
        _near = listener.Accept();
        _input = new SocketInput(_near);
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private static CancellationToken Patience => TestContext.Current.CancellationToken;

    private static string Text(ReadResult read) => Encoding.ASCII.GetString(read.Buffer.FirstSpan);

    private async Task<ReadResult> ReadAsync() => await _input.ReadAsync().WaitAsync(TimeSpan.FromSeconds(30), Patience);

    [Fact]
    public async Task What_was_looked_at_and_not_used_comes_again_with_more()
    {
        _far.Send("EHLO cli"u8);
        ReadResult part = await ReadAsync();
        Assert.Equal("EHLO cli", Text(part));
        _input.AdvanceTo(part.Buffer.Start, part.Buffer.End);
        Task<ReadResult> next = _input.ReadAsync();
        Assert.False(next.IsCompleted);
        _far.Send("ent\r\nMAIL"u8);
        Assert.Equal("EHLO client\r\nMAIL", Text(await next));
    }

    [Fact]
    public async Task What_was_not_looked_at_comes_at_once()
    {
        _far.Send("NOOP\r\nQUIT\r\n"u8);
        ReadResult both = await ReadAsync();
        SequencePosition second = both.Buffer.GetPosition(6);
        _input.AdvanceTo(second, second);
        Task<ReadResult> rest = _input.ReadAsync();
        Assert.True(rest.IsCompleted);
        Assert.Equal("QUIT\r\n", Text(await rest));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_line_longer_than_the_buffer_arrives_whole(bool withLeftovers)
    {
        string line = new string('x', 100_000) + "\r\n";
        _far.Send(Encoding.ASCII.GetBytes((withLeftovers ? "NOOP\r\n" : "") + line));
        ReadResult read = await ReadAsync();
        if (withLeftovers)
            _input.AdvanceTo(read.Buffer.GetPosition(6), read.Buffer.End);
        else
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        while (!(read = await ReadAsync()).Buffer.FirstSpan.EndsWith("\n"u8))
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        Assert.Equal(line, Text(read));
    }

    [Fact]
    public async Task The_buffer_is_small_for_commands_grows_for_content_and_is_small_again_where_the_next_command_is_awaited()
    {
        int small = _input.Capacity;
        Assert.InRange(small, 512, 2048);

        _input.ExpectsContent = true;
        for (int seen = 0; seen < 1_000_000;)
        {
            await _far.SendAsync(new byte[50_000], Patience);
            ReadResult content = await ReadAsync();
            seen += (int)content.Buffer.Length;
            _input.AdvanceTo(content.Buffer.End, content.Buffer.End);
        }
        Assert.InRange(_input.Capacity, 16 * 1024, 128 * 1024);

        _input.ExpectsContent = false;
        await DrainAsync();
        Task<ReadResult> command = _input.ReadAsync();
        Assert.Equal(small, _input.Capacity);
        _far.Send("QUIT\r\n"u8);
        Assert.Equal("QUIT\r\n", Text(await command));
    }

    private async Task DrainAsync()
    {
        _far.Send("."u8);
        ReadResult read;
        do
        {
            read = await ReadAsync();
            _input.AdvanceTo(read.Buffer.End, read.Buffer.End);
        }
        while (!read.Buffer.FirstSpan.EndsWith("."u8));
    }

    [Fact]
    public async Task The_peers_end_is_given_with_what_came_before_it_and_again_at_each_further_read()
    {
        _far.Send("QUIT\r\n"u8);
        _far.Shutdown(SocketShutdown.Send);
        ReadResult read;
        while (!(read = await ReadAsync()).IsCompleted)
            _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        Assert.Equal("QUIT\r\n", Text(read));
        _input.AdvanceTo(read.Buffer.End, read.Buffer.End);
        read = await ReadAsync();
        Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_and_a_socket_closed_here_are_ends_like_any_other(bool byPeer)
    {
        Task<ReadResult> reading = _input.ReadAsync();
        if (byPeer)
        {
            _far.LingerState = new LingerOption(enable: true, seconds: 0);
            _far.Dispose();
        }
        else
        {
            _near.Dispose();
        }
        ReadResult read = await reading.WaitAsync(TimeSpan.FromSeconds(30), Patience);
        Assert.True(read.IsCompleted && read.Buffer.IsEmpty);
    }
}

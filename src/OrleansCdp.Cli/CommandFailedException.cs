using System.CommandLine;
using Spectre.Console;

namespace OrleansCdp;

/// <summary>A command cannot do what it was asked; the message is for the person who asked.</summary>
/// <param name="message">What failed.</param>
/// <param name="code">The code with which the gateway refused; null for any other failure.</param>
internal sealed class CommandFailedException(string message, string? code = null)
    : Exception(message)
{
    /// <summary>The code with which the gateway refused.</summary>
    public string? Code => code;
}

/// <summary>How commands end.</summary>
internal static class CommandEnd
{
    /// <summary>Exit code after Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>Makes an action of a command: what fails is said in one line, with exit code 1.</summary>
    public static void Does(
        this Command command,
        Func<ParseResult, CancellationToken, Task<int>> act
    ) =>
        command.SetAction(
            async (parsed, cancel) =>
            {
                try
                {
                    return await act(parsed, cancel);
                }
                catch (OperationCanceledException) when (cancel.IsCancellationRequested)
                {
                    return Interrupted;
                }
                catch (Exception e)
                    when (e
                            is CommandFailedException
                                or HttpRequestException
                                or IOException
                                or UnauthorizedAccessException
                    )
                {
                    await Console.Error.WriteLineAsync($"cdp {command.Name}: {e.Message}");
                    return 1;
                }
            }
        );

    /// <summary>Text that Spectre prints as it is.</summary>
    public static string Plain(string text) => Markup.Escape(text);
}

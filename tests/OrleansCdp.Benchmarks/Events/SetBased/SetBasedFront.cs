using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Events;

/// <summary>The gateway of contender BH: lines of JSON in, batches for the function out.</summary>
internal static class SetBasedFront
{
    /// <summary>Serves until standard input ends.</summary>
    public static async Task RunAsync(string connection)
    {
        await using SetBasedTarget target = SetBasedTarget.Connect(connection);
        await using SetBasedIntake intake = new(target);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapPost(
            "/v1/streams/{stream}",
            (HttpContext http, string stream) => TakeAsync(http, stream, intake)
        );
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await Console.In.ReadToEndAsync();
    }

    private static async Task<IResult> TakeAsync(
        HttpContext http,
        string stream,
        SetBasedIntake intake
    )
    {
        using MemoryStream body = new();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        ReadOnlyMemory<byte> rest = body.ToArray();
        byte number = (byte)Array.IndexOf(RecordWriter.Streams, stream);
        List<EventLine> lines = [];
        while (!rest.IsEmpty)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            lines.Add(new EventLine(number, end < 0 ? rest : rest[..end]));
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        await intake.TakeAsync(lines);
        return Results.Accepted();
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Compares what is served with the log, and says so line by line while it does.</summary>
internal static class VerifyEndpoints
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly byte[] NewLine = [(byte)'\n'];

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/verify", VerifyAsync)
            .Produces(StatusCodes.Status200OK, contentType: "application/x-ndjson")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .RequireScope(Scopes.Operate)
            .WithSummary(
                "Compares what is served with the log (?sample=N for some), as lines of JSON until one has ended: true."
            );

    private static async Task VerifyAsync(
        HttpContext http,
        IGrainFactory grains,
        int? sample,
        string? cursor
    )
    {
        if (sample is < 1 or > IVerifierGrain.SampleMax)
        {
            throw Refused("bad_limit", $"A sample has 1 to {IVerifierGrain.SampleMax}.");
        }

        VerifyRequest request = new() { Sample = sample, Cursor = cursor };
        await using IAsyncEnumerator<VerifyReport> reports = grains
            .GetGrain<IVerifierGrain>(0)
            .VerifyAsync(request, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        if (!await BeginAsync(reports))
        {
            return;
        }

        http.Response.ContentType = "application/x-ndjson";
        do
        {
            await JsonSerializer.SerializeAsync(
                http.Response.Body,
                View(reports.Current),
                Json,
                http.RequestAborted
            );
            await http.Response.Body.WriteAsync(NewLine, http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        } while (await reports.MoveNextAsync());
    }

    /// <summary>What is refused is refused before the first line.</summary>
    private static async Task<bool> BeginAsync(IAsyncEnumerator<VerifyReport> reports)
    {
        try
        {
            return await reports.MoveNextAsync();
        }
        catch (VerificationRunningException e)
        {
            throw new ProblemException(new Problem(409, "verification_running", e.Message));
        }
        catch (ArgumentException)
        {
            throw Refused("bad_cursor", "This is no cursor of a comparison.");
        }
    }

    private static ProblemException Refused(string code, string detail) =>
        new(Problem.BadRequest(code, detail));

    private static object View(VerifyReport report) =>
        new
        {
            report.Events,
            report.Links,
            report.States,
            report.NotCompared,
            report.Differences,
            report.Cursor,
            report.Ended,
            report.CountsNotCompared,
            difference = report.Difference is { } difference
                ? new
                {
                    difference.Kind,
                    difference.Id,
                    link = difference.Link?.ToString(),
                    difference.Pointer,
                    difference.Expected,
                    difference.Served,
                    partition = difference.Normal?.Partition,
                    sequence = difference.Normal?.Sequence,
                    lowSequence = difference.Low?.Sequence,
                }
                : null,
        };
}

using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace OrleansCdp.Events;

/// <summary><c>cdp import --stream NAME --file F</c>: sends a CSV or NDJSON file to a data stream.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        GatewayOptions gateway = new();
        Option<string> stream = new("--stream", "-s")
        {
            Description = "The data stream.",
            Required = true,
        };
        Option<FileInfo> file = new("--file", "-f")
        {
            Description = "A .csv file with a header, or a file with one JSON object per line.",
            Required = true,
        };
        Command command = new(
            "import",
            "Sends a file to a data stream. Interrupted, the same command goes on where it was; "
                + "what is refused is listed in FILE.rejects.ndjson. "
                + "Exit code: 0 when all is taken, 2 when some is refused, 1 when the import cannot go on."
        )
        {
            stream,
            file,
        };
        gateway.AddTo(command);
        command.Does(
            async (parsed, cancel) =>
            {
                using CdpApi api = gateway.Connect(parsed);
                FileInfo from = parsed.GetRequiredValue(file);
                if (!from.Exists)
                {
                    throw new CommandFailedException($"{from} does not exist.");
                }

                Import import = new(api, parsed.GetRequiredValue(stream), from);
                return await import.RunAsync(cancel);
            }
        );
        return command;
    }
}

/// <summary>One file on its way to one data stream.</summary>
internal sealed class Import(CdpApi api, string stream, FileInfo file)
{
    private const string CsvEnding = ".csv";
    private readonly bool isCsv = file.Extension.Equals(
        CsvEnding,
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>Sends what is not sent yet.</summary>
    /// <returns>Exit code: 0 when every record was taken, 2 when some were refused.</returns>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        ImportProgress progress = await StartAsync(cancel);
        Stopwatch watch = Stopwatch.StartNew();
        long before = progress.Records;
        await AnsiConsole
            .Progress()
            .StartAsync(async shown =>
            {
                ProgressTask task = shown.AddTask(stream, maxValue: Math.Max(1, file.Length));
                using RecordFile records = new(file.OpenRead(), isCsv);
                await records.OpenAsync(progress.Position, cancel);
                while (await records.NextChunkAsync(cancel) is { } chunk)
                {
                    progress = await SendAsync(chunk, progress, cancel);
                    double rate = (progress.Records - before) / watch.Elapsed.TotalSeconds;
                    task.Description = $"{progress.Records:N0} records, {rate:N0}/s";
                    task.Value = progress.Position;
                }

                task.Value = task.MaxValue;
            });
        File.Delete(ImportProgress.PathFor(file));
        Report(progress);
        return progress.Rejected == 0 ? 0 : 2;
    }

    /// <summary>Where to begin: where an interrupted import of the same file was, or at the first record.</summary>
    private async Task<ImportProgress> StartAsync(CancellationToken cancel)
    {
        ImportProgress start = ImportProgress.Of(file, stream, api.Address);
        if (await ImportProgress.LeftAsync(file, cancel) is { } left)
        {
            string? whyNot = left.WhyNot(start);
            Console.WriteLine(
                whyNot is null
                    ? $"Going on after record {left.Records:N0}."
                    : $"{whyNot}: starting anew."
            );
            start = whyNot is null ? left : start;
        }

        new RejectFile(RejectFile.PathFor(file)).Cut(start.RejectBytes);
        return start;
    }

    private async Task<ImportProgress> SendAsync(
        RecordChunk chunk,
        ImportProgress progress,
        CancellationToken cancel
    )
    {
        JsonObject answer = await api.SendAsync(
            HttpMethod.Post,
            $"/v1/streams/{Uri.EscapeDataString(stream)}",
            chunk.Body,
            isCsv ? "text/csv" : "application/x-ndjson",
            cancel
        );
        ChunkAnswer taken = ChunkAnswer.Of(answer, chunk.Records.Count, progress.Records);
        long rejectBytes = await new RejectFile(RejectFile.PathFor(file)).AppendAsync(
            progress.RejectBytes,
            chunk,
            progress.Records,
            taken.Quarantined,
            cancel
        );
        ImportProgress next = progress with
        {
            Position = chunk.End,
            Records = progress.Records + chunk.Records.Count,
            Accepted = progress.Accepted + taken.Accepted,
            Duplicates = progress.Duplicates + taken.Duplicates,
            Filtered = progress.Filtered + taken.Filtered,
            Rejected = progress.Rejected + taken.Quarantined.Length,
            RejectBytes = rejectBytes,
        };
        await next.SaveAsync(file, cancel);
        return next;
    }

    private void Report(ImportProgress sum)
    {
        Console.WriteLine(
            $"{sum.Records:N0} records: {sum.Accepted:N0} accepted, {sum.Duplicates:N0} duplicates, "
                + $"{sum.Filtered:N0} filtered, {sum.Rejected:N0} rejected"
        );
        if (sum.Rejected > 0)
        {
            Console.WriteLine($"Rejected records: {RejectFile.PathFor(file)}");
        }
    }
}

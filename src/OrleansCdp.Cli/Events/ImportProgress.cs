using System.Text.Json;

namespace OrleansCdp.Events;

/// <summary>How far an import is, kept beside the file so that the same command goes on after an interruption.</summary>
internal sealed record ImportProgress
{
    /// <summary>The data stream.</summary>
    public required string Stream { get; init; }

    /// <summary>Address of the gateway; empty in what an earlier version of this tool left.</summary>
    public string Gateway { get; init; } = "";

    /// <summary>Bytes of the file: another length is another file.</summary>
    public required long Length { get; init; }

    /// <summary>When the file was last written, UTC: another time is another file.</summary>
    public required DateTime WrittenAt { get; init; }

    /// <summary>Everything before this byte is taken by the gateway.</summary>
    public long Position { get; init; }

    /// <summary>Records sent.</summary>
    public long Records { get; init; }

    /// <summary>Events now durable in the log.</summary>
    public long Accepted { get; init; }

    /// <summary>Events that were known.</summary>
    public long Duplicates { get; init; }

    /// <summary>Events that the definition does not keep.</summary>
    public long Filtered { get; init; }

    /// <summary>Records that were refused.</summary>
    public long Rejected { get; init; }

    /// <summary>Bytes of the reject file that belong to what was taken.</summary>
    public long RejectBytes { get; init; }

    /// <summary>Where the progress of a file is kept.</summary>
    public static string PathFor(FileInfo file) => file.FullName + ".progress";

    /// <summary>The start of an import of this file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="stream">The data stream.</param>
    /// <param name="gateway">Address of the gateway; a user and password in it are not kept.</param>
    public static ImportProgress Of(FileInfo file, string stream, Uri gateway) =>
        new()
        {
            Stream = stream,
            Gateway = gateway.GetComponents(
                UriComponents.SchemeAndServer | UriComponents.Path,
                UriFormat.UriEscaped
            ),
            Length = file.Length,
            WrittenAt = file.LastWriteTimeUtc,
        };

    /// <summary>Reads what an interrupted import left beside a file.</summary>
    /// <returns>Null if there is nothing.</returns>
    /// <exception cref="CommandFailedException">It cannot be understood.</exception>
    public static async Task<ImportProgress?> LeftAsync(FileInfo file, CancellationToken cancel)
    {
        string path = PathFor(file);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            await using FileStream stored = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync<ImportProgress>(
                stored,
                cancellationToken: cancel
            );
        }
        catch (JsonException)
        {
            throw new CommandFailedException(
                $"{path} cannot be understood. Without it, the import starts anew."
            );
        }
    }

    /// <summary>Why an import cannot go on from here; null when it can.</summary>
    /// <param name="start">Its start: the same file, to the same stream of the same gateway.</param>
    public string? WhyNot(ImportProgress start) =>
        Stream != start.Stream ? $"An interrupted import went to the stream {Stream}"
        : Length != start.Length || WrittenAt != start.WrittenAt
            ? "The file has changed since its import was interrupted"
        : Gateway.Length == 0 ? "An interrupted import does not say to which gateway it went"
        : Gateway != start.Gateway ? $"An interrupted import went to the gateway {Gateway}"
        : null;

    /// <summary>Keeps it; the former one stands until the new one is whole.</summary>
    public async Task SaveAsync(FileInfo file, CancellationToken cancel)
    {
        string path = PathFor(file);
        await using (FileStream next = File.Create(path + ".new"))
        {
            await JsonSerializer.SerializeAsync(next, this, cancellationToken: cancel);
        }

        File.Move(path + ".new", path, overwrite: true);
    }
}

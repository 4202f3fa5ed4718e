using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>What the gateway made of the records of a chunk.</summary>
internal sealed record ChunkAnswer
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Events now durable in the log.</summary>
    public required int Accepted { get; init; }

    /// <summary>Events that were known.</summary>
    public required int Duplicates { get; init; }

    /// <summary>Events that the definition does not keep.</summary>
    public required int Filtered { get; init; }

    /// <summary>Records that were refused, each of them one of the chunk.</summary>
    public required ImmutableArray<ChunkRefusal> Quarantined { get; init; }

    /// <summary>Reads an answer and doubts it: nothing may be noted as sent that the gateway did not see.</summary>
    /// <param name="answer">What the gateway answered.</param>
    /// <param name="records">Records of the chunk.</param>
    /// <param name="before">Records of the file before it.</param>
    /// <exception cref="CommandFailedException">It does not fit the chunk.</exception>
    public static ChunkAnswer Of(JsonObject answer, int records, long before) =>
        FaultOf(answer, records, out ChunkAnswer? read) is not { } fault
            ? read!
            : throw new CommandFailedException(
                $"The gateway's answer to the {records:N0} records after record {before:N0} does not fit them: "
                    + $"{fault}. They are not noted as sent."
            );

    private static string? FaultOf(JsonObject answer, int records, out ChunkAnswer? read)
    {
        read = null;
        try
        {
            read = answer.Deserialize<ChunkAnswer>(Json)!;
        }
        catch (JsonException)
        {
            // Said below.
        }

        if (read is null || read.Quarantined.IsDefault || read.Quarantined.Any(r => r is null))
        {
            return "it is not what OrleansCdp answers";
        }

        int[] places = [.. read.Quarantined.Select(refusal => refusal.Index)];
        int outside = Array.FindIndex(places, place => place < 0 || place >= records);
        if (outside >= 0)
        {
            return $"it refuses number {places[outside]} of them, counted from 0";
        }

        long counted = (long)read.Accepted + read.Duplicates + read.Filtered + places.Length;
        return places.Distinct().Count() < places.Length ? "it refuses one of them twice"
            : counted != records ? $"it counts {counted:N0}"
            : null;
    }
}

/// <summary>A refused record of a chunk.</summary>
internal sealed record ChunkRefusal
{
    /// <summary>Its place in the chunk, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Why, for programs.</summary>
    public string? Code { get; init; }

    /// <summary>Why, for people.</summary>
    public string? Message { get; init; }

    /// <summary>JSON pointer to what is wrong; null when there is none.</summary>
    public string? Pointer { get; init; }
}

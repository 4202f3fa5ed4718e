using System.Globalization;
using System.IO.Hashing;

namespace OrleansCdp.Context;

/// <summary>A ready answer: UTF-8 JSON, never changed after it was published.</summary>
[GenerateSerializer, Immutable, Alias("cdp.context-answer")]
public sealed record ContextAnswer
{
    /// <summary>A JSON object, compact.</summary>
    [Id(0)]
    public required byte[] Json { get; init; }

    /// <summary>Changes with every change of the answer; part of the ETag.</summary>
    [Id(1)]
    public required string Tag { get; init; }

    /// <summary>Receipt time of the newest event in the answer.</summary>
    [Id(2)]
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>
    /// The account whose <see cref="IAccountGrain.GetFactsAsync"/> belongs into the graph as <c>account</c>; null for none.
    /// </summary>
    [Id(3)]
    public string? Account { get; init; }

    /// <summary>After a merge: the individual that answers from now on. The JSON is empty then.</summary>
    [Id(4)]
    public string? MovedTo { get; init; }

    /// <summary>What one answers that is merged into another.</summary>
    /// <param name="individual">The other one.</param>
    public static ContextAnswer Moved(string individual) =>
        new()
        {
            Json = [],
            Tag = "",
            AsOf = default,
            MovedTo = individual,
        };

    /// <summary>The tag of an answer: equal bytes have equal tags, on any silo and after any restart.</summary>
    public static string TagOf(ReadOnlySpan<byte> json) =>
        XxHash3.HashToUInt64(json).ToString("x16", CultureInfo.InvariantCulture);
}

/// <summary>Answers that grains of this process have published; a gateway in the same process reads them without a call.</summary>
public interface IPublishedContexts
{
    /// <summary>The individual's answer, if it is here and current.</summary>
    bool TryGetIndividual(string individual, string graph, out ContextAnswer? answer);

    /// <summary>The account's part of a graph, if it is here and current.</summary>
    bool TryGetAccount(string account, string graph, out ContextAnswer? answer);
}

/// <summary>Names of the shipped data graphs.</summary>
public static class DataGraphs
{
    /// <summary>Traits, base insights, open and recent cases, recent orders, last interactions, account.</summary>
    public const string Default = "service";
}

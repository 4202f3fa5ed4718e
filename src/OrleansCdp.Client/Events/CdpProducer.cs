using System.Data.Common;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Streams;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Admits records by the definitions in memory and publishes them on the stream of their partition.</summary>
internal sealed class CdpProducer(
    Intake intake,
    DefinitionCatalogue catalogue,
    IServiceProvider services,
    TimeProvider clock
) : ICdpProducer
{
    // Deeper than any event can nest, so that depth is judged record by record.
    private static readonly JsonDocumentOptions Parsing = new()
    {
        MaxDepth = Limits.StreamBodyBytesMax,
    };

    public async Task<SendResult> SendAsync<T>(
        string stream,
        IReadOnlyCollection<T> records,
        CancellationToken cancel = default
    )
    {
        DemandCount(records.Count, nameof(records));
        List<JsonElement> elements = new(records.Count);
        long bytes = 0;
        foreach (T record in records)
        {
            JsonElement element = record is JsonElement given
                ? given
                : JsonSerializer.SerializeToElement(record);
            bytes += JsonMarshal.GetRawUtf8Value(element).Length;
            DemandBytes(bytes, nameof(records));
            elements.Add(element);
        }

        return await AdmitAndSendAsync(stream, elements, cancel);
    }

    public async Task<SendResult> SendJsonAsync(
        string stream,
        ReadOnlyMemory<byte> json,
        CancellationToken cancel = default
    )
    {
        DemandBytes(json.Length, nameof(json));
        using JsonDocument document = JsonDocument.Parse(json, Parsing);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Array)
        {
            return await AdmitAndSendAsync(stream, [root], cancel);
        }

        DemandCount(root.GetArrayLength(), nameof(json));
        return await AdmitAndSendAsync(stream, [.. root.EnumerateArray()], cancel);
    }

    private static void DemandCount(int count, string parameter)
    {
        if (count > Limits.BatchItemsMax)
        {
            throw new ArgumentException(
                $"{count} records were given; at most {Limits.BatchItemsMax} can be sent at once.",
                parameter
            );
        }
    }

    private static void DemandBytes(long bytes, string parameter)
    {
        if (bytes > Limits.StreamBodyBytesMax)
        {
            throw new ArgumentException(
                $"At most {Limits.StreamBodyBytesMax} bytes of JSON can be sent at once.",
                parameter
            );
        }
    }

    private async Task<SendResult> AdmitAndSendAsync(
        string name,
        List<JsonElement> records,
        CancellationToken cancel
    )
    {
        try
        {
            await catalogue.Loaded.WaitAsync(cancel);
            DataStream stream =
                await catalogue.FindAsync(name) ?? throw new UnknownStreamException(name);
            DateTimeOffset now = clock.GetUtcNow();
            IntakeItem[] items = [.. records.Select(record => IntakeItem.Of(record, stream, now))];
            LinkEvent[] events =
            [
                .. items
                    .Select(item => item.Admission)
                    .OfType<Admission.Accepted>()
                    .Select(accepted => accepted.Event),
            ];
            await PublishAsync(events).WaitAsync(cancel);
            var (filtered, refused) = await intake.SetAsideAsync(items).WaitAsync(cancel);
            return new SendResult(events.Length, filtered, refused);
        }
        catch (Exception e) when (IsPassing(e))
        {
            throw new LogUnavailableException(
                "Not everything is durable; send the same again, what went in counts once.",
                e
            );
        }
    }

    private Task PublishAsync(LinkEvent[] events) =>
        Task.WhenAll(
            events
                .GroupBy(e => (e.Lane, Partitions.Of(e.Link, catalogue.PartitionCount)))
                .Select(home => PublishAsync(home.Key.Lane, home.Key.Item2, [.. home]))
        );

    private Task PublishAsync(Lane lane, int partition, LinkEvent[] events) =>
        services
            .GetRequiredKeyedService<IStreamProvider>(EventStreams.ProviderOf(lane))
            .GetStream<LinkEvent>(EventStreams.Of(lane, partition))
            .OnNextBatchAsync(events);

    /// <summary>Whether the trouble is the cluster's or its database's, and not the records'.</summary>
    private static bool IsPassing(Exception e) =>
        e
            is LogUnavailableException
                or OrleansException
                or TimeoutException
                or SocketException
                or IOException
                or DbException
        || (e.InnerException is { } inner && IsPassing(inner));
}

using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Insights;

/// <summary>How large the stored states of people of the workload are, with the shipped insights and without.</summary>
internal static class SnapshotRun
{
    private const int Asked = 2_000;

    /// <summary>
    /// Folds the events of every so manieth person, those of all their links into one state, and stores it as the grains do.
    /// </summary>
    public static Figure[] Run(BenchmarkOptions options)
    {
        int step = Math.Max(1, options.Workload.People / Asked);
        var lives = new Workload(options.Workload)
            .All()
            .Where(e => e.Kind != WorkloadKind.Account && e.Person % step == step / 2)
            .GroupBy(e => e.Person)
            .ToArray();
        Note.Write($"{lives.Length} people with {lives.Sum(life => life.Count())} events");
        using ServiceProvider services = new ServiceCollection()
            .AddSerializer(builder => builder.AddAssembly(typeof(LinkKey).Assembly))
            .BuildServiceProvider();
        Serializer serializer = services.GetRequiredService<Serializer>();
        return
        [
            .. FiguresOf($"{FoldSubject.Shipped.All.Length} insights", FoldSubject.Shipped),
            .. FiguresOf("no insights", InsightSet.None),
        ];

        IEnumerable<Figure> FiguresOf(string contender, InsightSet insights)
        {
            int[] sizes =
            [
                .. lives.Select(life => StoredBytes(Fold(life, insights), serializer)).Order(),
            ];
            yield return Of("snapshot, p50", sizes[sizes.Length / 2]);
            yield return Of("snapshot, p95", sizes[sizes.Length * 95 / 100]);
            yield return Of("snapshot, most", sizes[^1]);

            Figure Of(string name, int value) => new(contender, 1, name, value, "B");
        }
    }

    private static UnifiedIndividual Fold(IEnumerable<WorkloadEvent> life, InsightSet insights)
    {
        using RecordWriter writer = new();
        Dictionary<(LinkKey, Lane), long> sequences = [];
        UnifiedIndividual state = new() { Id = "ind_workload" };
        foreach (WorkloadEvent e in life.DistinctBy(e => e.Number))
        {
            DataStream stream = FoldSubject.Streams[
                RecordWriter.Streams[RecordWriter.StreamOf(e.Kind)]
            ];
            using var record = JsonDocument.Parse(writer.Write(e).ToArray());
            if (stream.Admit(record.RootElement, e.At) is Admission.Accepted { Event: var said })
            {
                long sequence = sequences[(said.Link, said.Lane)] =
                    sequences.GetValueOrDefault((said.Link, said.Lane)) + 1;
                state = state.Apply([new SequencedEvent(sequence, said)], insights).Next;
            }
        }

        return state;
    }

    /// <summary>Bytes of the state's own row and of its parts in rows of their own, as they are stored first.</summary>
    private static int StoredBytes(UnifiedIndividual state, Serializer serializer)
    {
        StateParts parts = new(state.Id, serializer);
        IndividualShape.Instance.Compare(null, state, parts);
        var (data, written, _) = parts.Close();
        return data.Length + written.Sum(part => part.Data.Length);
    }
}

using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp;

/// <summary>
/// Bytes that an earlier program wrote are read by every later one. The files in <c>Golden</c> are never replaced;
/// a form that changes gets a further file beside the old one.
/// </summary>
public sealed class GoldenTests
{
    private static readonly ServiceProvider Services = new ServiceCollection()
        .AddSerializer(builder => builder.AddAssembly(typeof(LinkKey).Assembly))
        .BuildServiceProvider();

    /// <summary>Also with what stands beside a tally, whichever it is.</summary>
    private static readonly JsonSerializerOptions Whole = new() { Converters = { new Besides() } };

    [Fact]
    public async Task An_individual_stored_by_the_first_version_is_read_to_the_same_state() =>
        await ReadSnapshotAsync(
            "individual-1",
            GoldenStates.MakeIndividual,
            IndividualShape.Instance
        );

    [Fact]
    public async Task An_account_stored_by_the_first_version_is_read_to_the_same_state() =>
        await ReadSnapshotAsync("account-1", GoldenStates.MakeAccount, AccountShape.Instance);

    [Theory]
    [InlineData("individual-2")]
    [InlineData("individual-3")]
    public async Task An_individual_with_parts_stored_apart_is_read_to_the_same_state(
        string name
    ) => await ReadSnapshotAsync(name, GoldenStates.MakeBuyer, IndividualShape.Instance);

    [Theory]
    [InlineData("individual-4")]
    [InlineData("individual-5")]
    public async Task An_individual_with_others_merged_into_it_is_read_to_the_same_state(
        string name
    ) => await ReadSnapshotAsync(name, GoldenStates.MakeSurvivor, IndividualShape.Instance);

    [Fact]
    public async Task What_insights_know_of_things_done_is_read_as_it_was_stored() =>
        await ReadSnapshotAsync(
            "individual-6",
            GoldenStates.MakeMeasured,
            IndividualShape.Instance,
            isLarge: false
        );

    [Theory]
    [InlineData("account-2")]
    [InlineData("account-3")]
    public async Task An_account_with_people_stored_apart_is_read_to_the_same_state(string name) =>
        await ReadSnapshotAsync(name, GoldenStates.MakeCompany, AccountShape.Instance);

    [Fact]
    public async Task What_an_account_tells_its_people_is_read_as_it_was_stored()
    {
        await ReadSnapshotAsync(
            "account-4",
            GoldenStates.MakeTelling,
            AccountShape.Instance,
            isLarge: false
        );
        await ReadSnapshotAsync(
            "individual-7",
            GoldenStates.MakeTold,
            IndividualShape.Instance,
            isLarge: false
        );
    }

    [Fact]
    public async Task A_state_in_an_old_form_is_saved_in_the_new_one_and_forgets_what_it_drops()
    {
        Serializer serializer = Services.GetRequiredService<Serializer>();
        Store store = new() { Stored = new Snapshot(1, Golden("individual-1", null), []) };
        SnapshotCell<UnifiedIndividual> cell = new(
            "golden",
            store,
            serializer,
            IndividualShape.Instance
        );
        UnifiedIndividual state = (await cell.LoadAsync(default))!;
        state.Departed.Length.ShouldBe(1);

        SnapshotWrite write = cell.Prepare(state with { Departed = [] });
        store.Stored = new Snapshot(2, write.Data, write.PartsWritten);
        SnapshotCell<UnifiedIndividual> again = new(
            "golden",
            store,
            serializer,
            IndividualShape.Instance
        );

        (await again.LoadAsync(default))!.Departed.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_was_merged_in_the_head_of_an_old_form_is_kept_apart_from_then_on()
    {
        Serializer serializer = Services.GetRequiredService<Serializer>();
        Store store = new()
        {
            Stored = JsonSerializer.Deserialize<Snapshot>(Golden("individual-4", null)),
        };
        SnapshotCell<UnifiedIndividual> cell = CellOf(store);
        UnifiedIndividual state = (await cell.LoadAsync(default))!;
        MergedIndividual changed = state.Merged[1] with { Times = 7 };
        Snapshot before = store.Stored!;

        SnapshotWrite write = cell.Prepare(state with { Merged = [state.Merged[0], changed] });
        store.Stored = new Snapshot(2, write.Data, [.. before.Parts, .. write.PartsWritten]);

        cell = CellOf(store);
        state = (await cell.LoadAsync(default))!;
        state.Merged.Select(one => (one.Id, one.Times)).ShouldBe([("ind_one", 2), ("ind_two", 7)]);
        write = cell.Prepare(state with { Merged = [] });
        store.Stored = new Snapshot(3, write.Data, store.Stored.Parts);
        (await CellOf(store).LoadAsync(default))!.Merged.ShouldBeEmpty();

        SnapshotCell<UnifiedIndividual> CellOf(Store of) =>
            new("golden", of, serializer, IndividualShape.Instance);
    }

    [Theory]
    [InlineData("chunk-1")]
    [InlineData("chunk-2")]
    public void A_chunk_of_the_log_stored_by_an_earlier_version_is_read_to_the_same_events(
        string name
    ) => ReadChunk(name, () => [.. GoldenStates.PersonsEvents(), .. GoldenStates.CompanysEvents()]);

    [Fact]
    public void A_chunk_of_the_log_whose_events_name_rulesets_is_read_to_the_same_events() =>
        ReadChunk(
            "chunk-3",
            () =>
                [
                    .. GoldenStates.PersonsEvents().Select(e => e with { Ruleset = "service" }),
                    .. GoldenStates.CompanysEvents(),
                ]
        );

    [Fact]
    public void A_chunk_of_the_log_whose_events_have_strategies_is_read_to_the_same_events() =>
        ReadChunk(
            "chunk-4",
            () =>
                [
                    .. GoldenStates
                        .PersonsEvents()
                        .Select(e =>
                            e with
                            {
                                Ruleset = "service",
                                Anonymous = AnonymousStrategy.Link,
                            }
                        ),
                    .. GoldenStates.CompanysEvents(),
                ]
        );

    private static void ReadChunk(string name, Func<LinkEvent[]> make)
    {
        ChunkCodec codec = new(Services.GetRequiredService<Serializer<LinkEvent[]>>());
        byte[] golden = Golden(
            name,
            () =>
            {
                LinkEvent[] events = make();
                UInt128[] keys =
                [
                    .. events.Select(e => Partitions.EventKey(e.Link.Source, e.EventId, 7)),
                ];
                EncodedChunk chunk = ChunkCodec.Encode(new LaneAppend(1, events, keys)).Single();
                return (chunk.Payload, JsonSerializer.Serialize(events));
            }
        );

        ShouldHold(name, JsonSerializer.Serialize(codec.Decode(golden).Events));
    }

    private static async Task ReadSnapshotAsync<T>(
        string name,
        Func<T> make,
        IStateShape<T> shape,
        bool isLarge = true
    )
        where T : class
    {
        Serializer serializer = Services.GetRequiredService<Serializer>();
        Store store = new();
        SnapshotCell<T> cell = new("golden", store, serializer, shape);
        byte[] golden = Golden(
            name,
            () =>
            {
                T state = make();
                SnapshotWrite write = cell.Prepare(state);
                write.PartsWritten.IsEmpty.ShouldBe(!isLarge, "what is large is stored apart");
                Snapshot snapshot = new(1, write.Data, write.PartsWritten);
                return (
                    JsonSerializer.SerializeToUtf8Bytes(snapshot),
                    JsonSerializer.Serialize(state, Whole)
                );
            }
        );
        // The first files are a state's own row and nothing else.
        store.Stored = name.EndsWith("-1", StringComparison.Ordinal)
            ? new Snapshot(1, golden, [])
            : JsonSerializer.Deserialize<Snapshot>(golden)!;

        T? read = await cell.LoadAsync(CancellationToken.None);

        ShouldHold(name, JsonSerializer.Serialize(read, Whole));
    }

    /// <summary>The stored bytes. Where there are none they are written, and the test fails until they are committed.</summary>
    private static byte[] Golden(string name, Func<(byte[] Bytes, string Json)>? make)
    {
        string folder = Path.Combine(
            Sources.Root,
            "tests",
            "OrleansCdp.Architecture.Tests",
            "Golden"
        );
        string file = Path.Combine(folder, name + ".bin");
        if (make is not null && !File.Exists(file))
        {
            (byte[] bytes, string json) = make();
            File.WriteAllBytes(file, bytes);
            File.WriteAllText(Path.Combine(folder, name + ".json"), json + "\n");
            throw new FileNotFoundException("Written just now: look at it and commit it.", file);
        }

        return File.ReadAllBytes(file);
    }

    private static void ShouldHold(string name, string read)
    {
        string file = $"tests/OrleansCdp.Architecture.Tests/Golden/{name}.json";
        JsonNode expected = JsonNode.Parse(Sources.TextOf(file))!;
        Missing("", expected, JsonNode.Parse(read)).ShouldBeEmpty();
    }

    /// <summary>Where a value is not as expected. Members that came later are not looked at.</summary>
    private static IEnumerable<string> Missing(string path, JsonNode? expected, JsonNode? actual) =>
        (expected, actual) switch
        {
            (JsonObject old, JsonObject now) => old.SelectMany(member =>
                Missing($"{path}/{member.Key}", member.Value, now[member.Key])
            ),
            (JsonArray old, JsonArray now) when old.Count == now.Count => old.SelectMany(
                (item, i) => Missing($"{path}/{i}", item, now[i])
            ),
            _ when JsonNode.DeepEquals(expected, actual) => [],
            _ => [$"{path}: {actual?.ToJsonString()} instead of {expected?.ToJsonString()}"],
        };

    private sealed class Besides : JsonConverter<IBeside>
    {
        public override IBeside Read(
            ref Utf8JsonReader reader,
            Type typeToConvert,
            JsonSerializerOptions options
        ) => throw new NotSupportedException();

        public override void Write(
            Utf8JsonWriter writer,
            IBeside value,
            JsonSerializerOptions options
        ) => JsonSerializer.Serialize(writer, value, value.GetType());
    }

    private sealed class Store : ISnapshotStore
    {
        public Snapshot? Stored { get; set; }

        public Task<Snapshot?> LoadAsync(string id, CancellationToken cancel) =>
            Task.FromResult(Stored);

        public Task SaveAsync(SnapshotWrite write) => throw new NotSupportedException();
    }
}

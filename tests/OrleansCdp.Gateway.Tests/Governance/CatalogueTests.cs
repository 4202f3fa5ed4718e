using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCdp.Governance;

/// <summary>The definitions in a process's memory are the newest it has heard of.</summary>
public sealed class CatalogueTests
{
    private const string Notes = """
        source: crm
        fields: { id: text }
        object: Note
        recordId: id
        subject: { object: person, id: id }

        """;

    [Fact]
    public async Task An_answer_that_was_slow_does_not_bring_back_what_was_replaced_since()
    {
        TaskCompletionSource<Catalogue?> slow = new();
        Queue<Task<Catalogue?>> answers = new([
            slow.Task,
            Task.FromResult<Catalogue?>(Of(2, "new")),
        ]);
        using DefinitionCatalogue catalogue = Over(answers);

        Task first = catalogue.RefreshAsync();
        await catalogue.RefreshAsync();
        slow.SetResult(Of(1, "old"));
        await first;

        catalogue.Version.ShouldBe(2);
        catalogue.Streams.Keys.ShouldBe(["new"]);
    }

    [Fact]
    public async Task What_did_not_change_is_not_compiled_again_and_still_gets_its_new_guards()
    {
        const string ruleset = "guards: { blocked: { any: [nobody] } }";
        Queue<Task<Catalogue?>> answers = new([
            Task.FromResult<Catalogue?>(Of(1, "notes", "description: nothing blocked")),
            Task.FromResult<Catalogue?>(Of(2, "notes", ruleset)),
        ]);
        using DefinitionCatalogue catalogue = Over(answers);
        await catalogue.RefreshAsync();
        var other = catalogue.Rulesets["other"];

        await catalogue.RefreshAsync();

        catalogue.Rulesets["other"].ShouldBeSameAs(other);
        Admission admitted = catalogue
            .Streams["notes"]
            .Admit(["id"], ["nobody"], DateTimeOffset.UnixEpoch);
        ((Admission.Refused)admitted).Code.ShouldBe("identifier_blocked");
    }

    [Fact]
    public async Task Models_are_known_by_their_names_and_one_of_before_is_replaced()
    {
        Queue<Task<Catalogue?>> answers = new([
            Task.FromResult<Catalogue?>(OfModel(1, r: 1)),
            Task.FromResult<Catalogue?>(OfModel(2, r: 2)),
        ]);
        using DefinitionCatalogue catalogue = Over(answers);
        catalogue.Models.ShouldBeEmpty();

        await catalogue.RefreshAsync();
        double before = catalogue.Models["shop"].Purchases.R;
        await catalogue.RefreshAsync();

        before.ShouldBe(1);
        catalogue.Models.ShouldHaveSingleItem().Value.Purchases.R.ShouldBe(2);
    }

    private static Catalogue OfModel(long version, int r) =>
        new()
        {
            Version = version,
            PartitionCount = 1,
            Definitions =
            [
                Of(
                    "model",
                    "shop",
                    $"{{ unit: day, purchases: {{ r: {r}, alpha: 1, a: 1, b: 1 }} }}"
                ),
            ],
        };

    private static Catalogue Of(
        long version,
        string stream,
        string ruleset = "description: none"
    ) =>
        new()
        {
            Version = version,
            PartitionCount = 1,
            Definitions =
            [
                Of("stream", stream, Notes),
                Of("ruleset", "sales", ruleset),
                Of("ruleset", "other", "description: other"),
            ],
        };

    private static DefinitionVersion Of(string kind, string name, string text) =>
        new()
        {
            Kind = kind,
            Name = name,
            Version = 1,
            Text = text,
            Hash = text,
            Author = "me",
            At = default,
        };

    private static DefinitionCatalogue Over(Queue<Task<Catalogue?>> answers)
    {
        var grains = DispatchProxy.Create<IGrainFactory, Answering>();
        var definitions = DispatchProxy.Create<IDefinitionsGrain, Answering>();
        ((Answering)(object)grains).Answer = () => definitions;
        ((Answering)(object)definitions).Answer = answers.Dequeue;
        return new(grains, TimeProvider.System, NullLogger<DefinitionCatalogue>.Instance);
    }

    /// <summary>Answers every call alike.</summary>
    private class Answering : DispatchProxy
    {
        public Func<object?> Answer { get; set; } = () => null;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Answer();
    }
}

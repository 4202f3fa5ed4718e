using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansCdp.Events;
using OrleansCdp.Identity;
using OrleansCdp.Segments;

namespace OrleansCdp.Governance;

/// <summary>Rulesets are definitions, and streams name them.</summary>
public sealed class RulesetDefinitionTests
{
    private const string Notes = """
        source: crm
        fields: { id: text }
        object: Note
        recordId: id
        subject: { object: person, id: id }

        """;

    [Fact]
    public async Task A_new_database_has_the_shipped_rulesets_before_the_streams_that_name_them()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());

        Catalogue catalogue = (await grain.GetCatalogueAsync(-1))!;

        string[] kinds = [.. catalogue.Definitions.Select(definition => definition.Kind)];
        kinds.Take(ShippedRulesets.All.Count).ShouldAllBe(kind => kind == DefinitionKinds.Ruleset);
        kinds
            .Skip(ShippedRulesets.All.Count)
            .Take(ShippedDefinitions.All.Count)
            .ShouldAllBe(kind => kind == DefinitionKinds.Stream);
        catalogue
            .Definitions.Skip(ShippedRulesets.All.Count + ShippedDefinitions.All.Count)
            .ShouldAllBe(definition =>
                definition.Kind == DefinitionKinds.Insight && definition.IsComplete
            );
    }

    [Fact]
    public async Task A_database_of_before_gets_the_rulesets_and_keeps_its_streams()
    {
        FakeDefinitions stored = new();
        DefinitionsGrain before = await DefinitionsAsync(stored);
        await before.PutAsync("stream", "salesforce-contact", Notes, "me");
        stored.State = stored.State with
        {
            Versions = stored.State.Versions.RemoveAll(v => v.Kind == DefinitionKinds.Ruleset),
        };
        int writes = stored.Writes;

        DefinitionsGrain after = await DefinitionsAsync(stored);

        (await after.GetVersionsAsync("ruleset", "sales")).Length.ShouldBe(1);
        (await after.GetVersionsAsync("stream", "salesforce-contact"))[^1].Text.ShouldBe(Notes);
        stored.Writes.ShouldBe(writes + 1);
    }

    [Fact]
    public async Task A_stream_names_a_ruleset_that_there_is()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());

        PutResult early = await grain.PutAsync("stream", "notes", Notes + "ruleset: desk", "me");
        PutResult ruleset = await grain.PutAsync("ruleset", "desk", "description: desk", "me");
        PutResult late = await grain.PutAsync("stream", "notes", Notes + "ruleset: desk", "me");

        early.Active.ShouldBeNull();
        DefinitionError error = early.Errors.ShouldHaveSingleItem();
        (error.Path, error.Line).ShouldBe(("ruleset", 6));
        error.Message.ShouldStartWith("There is no ruleset `desk`.");
        ruleset.Changed.ShouldBeTrue();
        late.Changed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_ruleset_is_findable_by_one_that_there_is_and_by_itself()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());

        PutResult refused = await grain.PutAsync("ruleset", "a", "findableBy: [b]", "me");
        PutResult taken = await grain.PutAsync("ruleset", "a", "findableBy: [a, service]", "me");

        refused.Errors.ShouldHaveSingleItem().Message.ShouldBe("There is no ruleset `b`.");
        taken.Changed.ShouldBeTrue();
    }

    [Fact]
    public async Task A_ruleset_that_does_not_compile_is_refused_with_its_place()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());

        PutResult refused = await grain.PutAsync("ruleset", "sales", "guards:\n  bloked: {}", "me");

        refused.Active.ShouldBeNull();
        refused.Errors.ShouldHaveSingleItem().Line.ShouldBe(2);
        (await grain.GetVersionsAsync("ruleset", "sales")).Length.ShouldBe(1);
    }

    [Fact]
    public async Task Kinds_are_named_where_one_is_unknown()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());

        PutResult refused = await grain.PutAsync("rulset", "a", "description: a", "me");

        refused
            .Errors.ShouldHaveSingleItem()
            .Message.ShouldBe("Unknown kind; known are: ruleset, stream, model, insight, segment.");
    }

    [Fact]
    public async Task All_active_definitions_together_have_a_bound()
    {
        DefinitionsGrain grain = await DefinitionsAsync(new FakeDefinitions());
        int left =
            IDefinitionsGrain.ActiveTextMax
            - (await grain.GetCatalogueAsync(-1))!.Definitions.Sum(d => d.Text.Length);
        for (int i = 0; left > Limits.DefinitionMax; i++, left -= Limits.DefinitionMax)
        {
            (
                await grain.PutAsync("stream", $"s{i}", Padded(Limits.DefinitionMax), "me")
            ).Changed.ShouldBeTrue();
        }

        PutResult past = await grain.PutAsync("stream", "last", Padded(left + 1), "me");
        PutResult atLimit = await grain.PutAsync("stream", "last", Padded(left), "me");
        PutResult smaller = await grain.PutAsync("stream", "last", Padded(left - 1), "me");

        past.Errors.ShouldHaveSingleItem().Message.ShouldContain("16777216 characters");
        atLimit.Changed.ShouldBeTrue();
        smaller.Changed.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_too_much_text_the_oldest_versions_that_are_not_active_are_forgotten()
    {
        FakeDefinitions stored = new();
        DefinitionsGrain grain = await DefinitionsAsync(stored);
        await grain.PutAsync("stream", "quiet", Notes, "me");
        await grain.PutAsync("stream", "first", Padded(Limits.DefinitionMax - 1), "me");
        int fits = 0;
        for (int i = 0; Kept() + Limits.DefinitionMax <= IDefinitionsGrain.KeptTextMax; i++)
        {
            // Three, because no definition has so many versions.
            await grain.PutAsync("stream", $"busy{i % 3}", Marked(i), "me");
            fits = i;
        }

        (await grain.GetVersionsAsync("stream", "busy0"))[0].Version.ShouldBe(1);
        await grain.PutAsync("stream", "busy1", Marked(fits + 1), "me");

        (await grain.GetVersionsAsync("stream", "busy0"))[0].Version.ShouldBe(2);
        (await grain.GetVersionsAsync("stream", "quiet")).Length.ShouldBe(1);
        (await grain.GetVersionsAsync("stream", "first")).Length.ShouldBe(1);
        Kept().ShouldBeLessThanOrEqualTo(IDefinitionsGrain.KeptTextMax);

        long Kept() => stored.State.Versions.Sum(version => (long)version.Text.Length);
    }

    private static string Padded(int length) => (Notes + "#").PadRight(length, 'x')[..length];

    private static string Marked(int i) => Padded(Limits.DefinitionMax - 10) + $"{i:D10}";

    private static async Task<DefinitionsGrain> DefinitionsAsync(FakeDefinitions stored)
    {
        DefinitionsGrain grain = new(
            stored,
            new LogShape(Partitions.CountDefault),
            new NothingMatches(),
            new FakePreviews(),
            TimeProvider.System,
            NullLogger<DefinitionsGrain>.Instance
        );
        await grain.OnActivateAsync(default);
        return grain;
    }

    private sealed class FakeDefinitions : Orleans.Runtime.IPersistentState<DefinitionsState>
    {
        public int Writes { get; private set; }

        public DefinitionsState State { get; set; } = new();

        public string? Etag => null;

        public bool RecordExists => Writes > 0;

        public Task ClearStateAsync() => throw new NotSupportedException();

        public Task ReadStateAsync() => throw new NotSupportedException();

        public Task WriteStateAsync()
        {
            Writes++;
            return Task.CompletedTask;
        }
    }
}

namespace OrleansCdp.Insights;

/// <summary>Another signature is a reason to look at everybody, the same one is none.</summary>
public sealed class InsightSignatureTests
{
    private static readonly ActiveInsight Written = new(
        Computed.Definition(
            "source: SalesOrder\nmeasure: count\nwrites: { object: Contact, field: A__c }",
            "written"
        ),
        Version: 1,
        Revision: 3
    );

    private static readonly ActiveInsight Shown = new(
        Computed.Definition("source: SalesOrder\nmeasure: count", "shown"),
        Version: 1,
        Revision: 4
    );

    [Fact]
    public void It_is_the_same_as_long_as_nothing_that_is_written_is_another()
    {
        string signature = Of(Written);

        signature.ShouldNotBeEmpty();
        Of(Written, Shown).ShouldBe(signature);
        Of(Written, Shown with { Revision = 5 }).ShouldBe(signature);
        Of(Written, Written with { Revision = 9, IsServing = false }).ShouldBe(signature);
    }

    [Fact]
    public void A_new_version_and_a_new_model_change_it() =>
        new[]
        {
            Of(Written),
            Of(Written with { Revision = 9 }),
            Of(Written with { ModelHash = "a" }),
            Of(Written with { ModelHash = "b" }),
            Of(Shown),
        }.ShouldBeUnique();

    [Fact]
    public void It_is_empty_where_nothing_is_written()
    {
        Of().ShouldBeEmpty();
        Of(Shown).ShouldBeEmpty();
        Of(Written with { IsComplete = false }).ShouldBeEmpty();
        Of(Written with { IsServing = false }).ShouldBeEmpty();
    }

    private static string Of(params ActiveInsight[] insights) =>
        InsightSignature.Of(new InsightSet([.. insights], newest: 9));
}

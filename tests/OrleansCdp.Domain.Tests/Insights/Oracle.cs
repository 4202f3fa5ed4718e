using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>Compares values with what they should be.</summary>
internal static class Oracle
{
    /// <summary>Whether what a ledger says is what each definition should say.</summary>
    public static void ShouldTell(
        InsightLedger ledger,
        LinkEvent[] history,
        DateTimeOffset now,
        IEnumerable<Told> which
    )
    {
        Plain plain = new(history);
        Dictionary<string, InsightValue> values = ledger
            .Values(now)
            .ToDictionary(value => value.Insight.Definition.Name);
        foreach (Told told in which)
        {
            InsightValue value = values[told.Name];
            Answer expected = told.Oracle(plain, now);
            value.Items.ShouldBe(expected.Items, told.Name);
            if (told.Fades)
            {
                ShouldBeAbout(value, expected, told.Name);
                continue;
            }

            value.Value?.Text.ShouldBe(expected.Value?.Text, told.Name);
            (value.Value is null).ShouldBe(expected.Value is null, told.Name);
            value.Parts.Select(part => (part.Key, part.Value)).ShouldBe(expected.Parts, told.Name);
        }
    }

    private static void ShouldBeAbout(InsightValue value, Answer expected, string name)
    {
        IsAbout(value.Value!.Value.AsNumber()!.Value, expected.Value!.Value.AsNumber()!.Value)
            .ShouldBeTrue(name);
        value.Parts.Length.ShouldBe(expected.Parts.Length, name);
        for (int i = 0; i < value.Parts.Length; i++)
        {
            // Of two that are nearly the same either may be first.
            IsAbout(value.Parts[i].Value, expected.Parts[i].Value).ShouldBeTrue(name);
        }
    }

    /// <summary>Whether two agree to nine digits.</summary>
    public static bool IsAbout(decimal left, decimal right) =>
        Math.Abs(left - right) <= 1e-9m * Math.Max(10, Math.Max(Math.Abs(left), Math.Abs(right)));
}

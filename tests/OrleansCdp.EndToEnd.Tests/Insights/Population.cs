namespace OrleansCdp.Insights;

/// <summary>The rows of a file in some order, as people of their own: their names begin with a letter.</summary>
/// <param name="Prefix">The letter.</param>
/// <param name="Rows">The rows.</param>
/// <param name="Duplicates">Rows that are there for the second time.</param>
internal sealed record Population(string Prefix, string[] Rows, int Duplicates)
{
    private const int Seed = 1997;

    /// <summary>The earliest row first.</summary>
    /// <param name="rows">Rows without commas inside of values.</param>
    /// <param name="date">Column of the date.</param>
    /// <param name="names">Columns whose values are to be others in each population.</param>
    public static Population InDateOrder(string[] rows, int date, params int[] names) =>
        Of("o", [.. rows.OrderBy(row => row.Split(',')[date], StringComparer.Ordinal)], 0, names);

    /// <summary>In any order.</summary>
    public static Population Shuffled(string[] rows, params int[] names) =>
        Of("s", Shuffle(rows), 0, names);

    /// <summary>In any order, with every twentieth row twice.</summary>
    public static Population Repeated(string[] rows, params int[] names)
    {
        string[] again = [.. rows.Where((_, i) => i % 20 == 0)];
        return Of("r", Shuffle([.. rows, .. again]), again.Length, names);
    }

    private static Population Of(string prefix, string[] rows, int duplicates, int[] names) =>
        new(
            prefix,
            [
                .. rows.Select(row =>
                    string.Join(
                        ',',
                        row.Split(',')
                            .Select((value, i) => names.Contains(i) ? prefix + value : value)
                    )
                ),
            ],
            duplicates
        );

    private static string[] Shuffle(string[] rows)
    {
        string[] shuffled = [.. rows];
        new Random(Seed).Shuffle(shuffled);
        return shuffled;
    }
}

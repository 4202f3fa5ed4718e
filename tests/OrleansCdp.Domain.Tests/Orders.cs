namespace OrleansCdp;

/// <summary>Orders that things can come in.</summary>
internal static class Orders
{
    public static IEnumerable<T[]> Of<T>(T[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(
                (first, at) =>
                    Of<T>([.. items[..at], .. items[(at + 1)..]])
                        .Select(rest => (T[])[first, .. rest])
            );
}

using CsCheck;

namespace OrleansCdp.Identity;

/// <summary>Distances between short texts, beside their textbook definitions.</summary>
public sealed class DistanceTests
{
    private static readonly Gen<string> Word = Gen.Char["abc "]
        .Array[0, 9]
        .Select(c => new string(c));

    [Fact]
    public void Edits_are_those_of_the_whole_matrix() =>
        Gen.Select(Word, Word, Gen.Int[0, 4])
            .Sample(
                (left, right, max) =>
                    Distances.Edits(left, right, max) == Math.Min(Matrix(left, right), max + 1)
                    && Distances.Edits(left, right, max) == Distances.Edits(right, left, max),
                iter: 10_000 * Laws.Thoroughness
            );

    [Theory]
    [InlineData("martha", "marhta", 0.9611)]
    [InlineData("dwayne", "duane", 0.84)]
    [InlineData("dixon", "dicksonx", 0.8133)]
    [InlineData("", "", 1)]
    [InlineData("a", "", 0)]
    [InlineData("abc", "xyz", 0)]
    public void Jaro_and_Winkler_have_published_values(
        string left,
        string right,
        double expected
    ) => Distances.JaroWinkler(left, right).ShouldBe(expected, 0.0001);

    [Fact]
    public void Similarity_does_not_depend_on_who_is_first() =>
        Gen.Select(Word, Word)
            .Sample(
                (left, right) =>
                    Distances.JaroWinkler(left, right) == Distances.JaroWinkler(right, left)
            );

    [Fact]
    public void The_longest_values_fit()
    {
        string a = new('a', MatchValues.TextMax);
        string b = new('b', MatchValues.TextMax);
        Distances.Edits(a, b, 200).ShouldBe(MatchValues.TextMax);
        Distances.JaroWinkler(a, b).ShouldBe(0);
        Distances.JaroWinkler(a, a).ShouldBe(1);
    }

    private static int Matrix(string left, string right)
    {
        int[][] d =
        [
            .. Enumerable.Range(0, left.Length + 1).Select(_ => new int[right.Length + 1]),
        ];
        for (int i = 0; i <= left.Length; i++)
        {
            for (int j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i][j] = i + j;
                    continue;
                }

                int same = left[i - 1] == right[j - 1] ? 0 : 1;
                d[i][j] = Math.Min(d[i - 1][j - 1] + same, Math.Min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    d[i][j] = Math.Min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }

        return d[left.Length][right.Length];
    }
}

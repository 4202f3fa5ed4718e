using Xunit.Abstractions;

namespace OrleansCdp.Segments;

/// <summary>
/// The starter pack on rows of real companies, over years of a virtual clock: at every moment that is looked at, everybody is in
/// the segments that plain SQL says, and in no other.
/// </summary>
public sealed class RealDataTests(PostgresServer postgres, ITestOutputHelper output)
    : IClassFixture<PostgresServer>
{
    private const int DifferencesMax = 20;

    /// <summary>One in so many may be undecided.</summary>
    private const int UndecidedShare = 20;

    /// <summary>From time to time, and long after the last event, when only the time moves anybody.</summary>
    private static readonly int[] Days =
    [
        .. (int[])[45, 120, 200, 276, 290, 305, 320, 365, 420, 480],
        .. (int[])[560, 640, 760, 900, 1_000],
    ];

    /// <summary>Whoever left these came back: time alone only lets people in.</summary>
    private static readonly string[] LeftByEvents =
    [
        "category_lovers_who_stopped",
        "dormant_visitors",
        "one_time_buyers",
    ];

    [SkippableFact]
    public async Task Whoever_is_in_a_segment_is_who_SQL_says_before_at_and_after_every_moment()
    {
        RealRows rows = RealRows.Read();
        StarterSet starter = StarterSet.Of(rows.Declared);
        VirtualCompany company = CompanyOf(isForgetful: true);
        VirtualCompany scout = CompanyOf(isForgetful: false);
        string connection = await postgres.CreateEmptyDatabaseAsync();
        await using RealDataOracle oracle = new(connection, rows.Events);

        foreach (DateTimeOffset moment in Moments(scout))
        {
            company.PassTo(moment);
            await oracle.CompareAsync(company);
        }

        scout.PassTo(company.Now);
        output.WriteLine($"{rows.Events.Count} events, {company.Looks} looks; {oracle}");
        foreach (string name in StarterPack.All.Keys.Order(StringComparer.Ordinal))
        {
            output.WriteLine(
                $"{name}: {company.Moves.GetValueOrDefault(name)}, {oracle.MembersMaxOf(name)} at most"
            );
        }

        oracle
            .Differences.Take(DifferencesMax)
            .ShouldBeEmpty($"{oracle.Differences.Count} differences");
        oracle.Undecided.ShouldBeLessThan(oracle.Certain / UndecidedShare);
        company.Moves.ShouldBe(scout.Moves, "whoever looks moves the same people");
        StarterPack
            .All.Keys.Where(name => oracle.MembersMaxOf(name) == 0)
            .ShouldBeEmpty("nobody was in these when it was looked");
        StarterPack
            .All.Keys.Where(name => company.Moves.GetValueOrDefault(name).ExitsByTime == 0)
            .Order(StringComparer.Ordinal)
            .ShouldBe(LeftByEvents);
        LeftByEvents.ShouldAllBe(name => company.Moves[name].EntriesByTime > 0);

        VirtualCompany CompanyOf(bool isForgetful) =>
            new(starter.Segments, starter.Insights, rows.Events, isForgetful);
    }

    /// <summary>
    /// When it is worth a look: whenever a segment has its first member or lets the first one go by time, and around what is due
    /// next from time to time.
    /// </summary>
    /// <param name="scout">Goes ahead; nobody compares it.</param>
    private static IEnumerable<DateTimeOffset> Moments(VirtualCompany scout)
    {
        List<DateTimeOffset> moments = [];
        foreach (int day in Days)
        {
            scout.PassTo(RealRows.Start.AddDays(day));
            moments.AddRange(Around(scout.NextDueAt ?? scout.Now.AddDays(1)));
        }

        foreach ((DateTimeOffset at, bool byTime) in scout.Firsts)
        {
            moments.AddRange(byTime ? Around(at) : [at]);
        }

        return moments.Distinct().Order();
    }

    /// <summary>One tick before, at, and one tick after.</summary>
    private static DateTimeOffset[] Around(DateTimeOffset due) =>
        [due.AddTicks(-1), Microsecond(due), Microsecond(due).AddTicks(1)];

    /// <summary>The next whole microsecond: PostgreSQL knows no parts of one.</summary>
    private static DateTimeOffset Microsecond(DateTimeOffset at)
    {
        long rest = at.UtcTicks % TimeSpan.TicksPerMicrosecond;
        return rest == 0 ? at : at.AddTicks(TimeSpan.TicksPerMicrosecond - rest);
    }
}

namespace OrleansCdp.Events;

/// <summary>Marks the end of the log, and waits until all up to there is applied, whatever comes after it.</summary>
internal static class AppliedMark
{
    private const string Mark = """
        create table if not exists cdp.applied_mark (lane smallint, partition int, seq bigint);
        truncate cdp.applied_mark;
        insert into cdp.applied_mark select lane, partition, next_seq - 1 from cdp.ingest_head
        """;

    private const string Behind = """
        select count(*) from cdp.ingest_head h
            join cdp.applied_mark m using (lane, partition)
            join cdp.ingest_checkpoint k using (lane, partition)
        where k.seq < m.seq
        """;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Marks the end as it is now.</summary>
    public static Task SetAsync(BenchmarkDatabase database) => database.ExecuteAsync(Mark);

    /// <summary>Waits until all up to the mark is applied.</summary>
    public static async Task PassedAsync(BenchmarkDatabase database)
    {
        while (await database.ReadAsync<long>(Behind) > 0)
        {
            await Task.Delay(Look);
        }
    }
}

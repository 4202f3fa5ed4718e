using System.Text.Json.Nodes;

namespace OrleansCdp.Events;

/// <summary>An import believes no answer that does not fit what it sent.</summary>
public sealed class ChunkAnswerTests
{
    [Fact]
    public void An_answer_that_fits_is_read()
    {
        ChunkAnswer answer = Read(
            """
            {"receipt":"r","accepted":1,"duplicates":2,"filtered":3,"quarantined":[
              {"index":7,"code":"c","message":"m","pointer":"/p"},
              {"index":0,"code":"c","message":"m"}]}
            """,
            records: 8
        );

        (answer.Accepted, answer.Duplicates, answer.Filtered).ShouldBe((1, 2, 3));
        answer.Quarantined.Select(refusal => refusal.Index).ShouldBe([7, 0]);
        answer.Quarantined[0].Pointer.ShouldBe("/p");
        answer.Quarantined[1].Pointer.ShouldBeNull();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public void A_place_outside_the_chunk_is_none(int index) =>
        ShouldBeDoubted(
            $$"""{"accepted":1,"duplicates":0,"filtered":0,"quarantined":[{"index":{{index}}}]}""",
            $"it refuses number {index} of them, counted from 0"
        );

    [Fact]
    public void A_record_is_refused_once() =>
        ShouldBeDoubted(
            """
            {"accepted":0,"duplicates":0,"filtered":0,"quarantined":[{"index":1},{"index":1}]}
            """,
            "it refuses one of them twice"
        );

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    public void A_record_more_or_less_is_noticed(int accepted, int counted) =>
        ShouldBeDoubted(
            $$"""{"accepted":{{accepted}},"duplicates":0,"filtered":0,"quarantined":[{"index":0}]}""",
            $"it counts {counted}"
        );

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"accepted":2,"duplicates":0,"filtered":0}""")]
    [InlineData("""{"accepted":2,"duplicates":0,"filtered":0,"quarantined":null}""")]
    [InlineData("""{"accepted":2,"duplicates":0,"filtered":0,"quarantined":[null]}""")]
    [InlineData("""{"accepted":2,"duplicates":0,"filtered":0,"quarantined":[{}]}""")]
    [InlineData("""{"accepted":2,"duplicates":0,"filtered":0,"quarantined":[{"index":"x"}]}""")]
    [InlineData("""{"accepted":"two","duplicates":0,"filtered":0,"quarantined":[]}""")]
    public void What_is_no_answer_of_ours_is_not_believed(string answer) =>
        ShouldBeDoubted(answer, "it is not what OrleansCdp answers");

    private static void ShouldBeDoubted(string answer, string why) =>
        Should
            .Throw<CommandFailedException>(() => Read(answer, records: 2))
            .Message.ShouldBe(
                $"The gateway's answer to the 2 records after record 1,000 does not fit them: {why}. "
                    + "They are not noted as sent."
            );

    private static ChunkAnswer Read(string answer, int records) =>
        ChunkAnswer.Of((JsonObject)JsonNode.Parse(answer)!, records, before: 1_000);
}

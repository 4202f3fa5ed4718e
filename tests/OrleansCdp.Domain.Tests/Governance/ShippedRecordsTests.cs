using System.Text.Json;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>What records mean by the shipped definitions.</summary>
public sealed class ShippedRecordsTests
{
    [Theory]
    [InlineData("""{"orderId":"o1","customerId":"17","total":10,"status":"shipped"}""", false, 0)]
    [InlineData("""{"orderId":"o1","customerId":"17","total":10,"lines":null}""", true, 0)]
    [InlineData("""{"orderId":"o1","customerId":"17","total":10,"lines":[]}""", true, 0)]
    [InlineData(
        """{"orderId":"o1","customerId":"17","total":10,"lines":[{"lineId":"a","amount":2}]}""",
        true,
        1
    )]
    public void An_order_replaces_its_lines_only_when_it_speaks_of_them(
        string order,
        bool replaces,
        int lines
    )
    {
        LinkEvent said = Admit("commerce-order", order).ShouldBeOfType<Admission.Accepted>().Event;

        said.LinesComplete.ShouldBe(replaces);
        said.Lines.Length.ShouldBe(lines);
    }

    [Theory]
    [InlineData("salesforce-contact", """{"Id":"003a","LastName":"L","IsDeleted":true}""")]
    [InlineData("salesforce-account", """{"Id":"001a","Name":"N","IsDeleted":true}""")]
    public void A_deleted_contact_or_account_is_left_out_for_a_reason_of_its_own(
        string stream,
        string record
    ) =>
        Admit(stream, record)
            .ShouldBeOfType<Admission.Filtered>()
            .Reason.ShouldBe(ReasonCodes.DeletionNotKept);

    [Fact]
    public void A_deleted_opportunity_is_taken() =>
        Admit(
                "salesforce-opportunity",
                """{"Id":"006a","AccountId":"001a","Name":"N","IsDeleted":true}"""
            )
            .ShouldBeOfType<Admission.Accepted>()
            .Event.Kind.ShouldBe(EventKind.Deleted);

    private static Admission Admit(string stream, string record)
    {
        (DataStream? definition, _) = DataStream.Compile(stream, ShippedDefinitions.All[stream]);
        using JsonDocument document = JsonDocument.Parse(record);
        return definition!.Admit(document.RootElement, Some.Noon);
    }
}

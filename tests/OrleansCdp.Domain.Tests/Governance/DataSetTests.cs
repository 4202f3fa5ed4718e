using System.Globalization;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Governance;

/// <summary>Every row of the real data sets is admitted, and what it says comes out exactly.</summary>
public sealed class DataSetTests
{
    [SkippableFact]
    public void Coral_contacts_are_700_people_anchored_by_their_reference()
    {
        List<LinkEvent> events = DataSets.AdmitAll("coral-contacts", "crm/coral_contacts.csv");

        events.Count.ShouldBe(700);
        events.Select(e => e.Link).Distinct().Count().ShouldBe(700);
        events.Select(e => e.EventId).Distinct().Count().ShouldBe(700);
        LinkEvent first = events[0];
        first.Identifiers.ShouldContain(new Identifier("contactId", "ContactRef1", true));
        first.Identifiers.ShouldContain(new Identifier("email", "fraydadowsing@example.com", true));
        first.Traits.ShouldContain(
            new Field("birthday", FieldValue.Of(new DateOnly(1994, 11, 19)))
        );
    }

    [SkippableFact]
    public void Incidents_close_as_often_as_the_file_says()
    {
        List<LinkEvent> events = DataSets.AdmitAll(
            "incident-event-log",
            "cases/incident_event_log.csv"
        );

        events.Count.ShouldBe(40_209);
        events.Select(e => e.EventId).Distinct().Count().ShouldBe(40_209);
        events.Count(e => e.Kind == EventKind.Closed).ShouldBe(5_838);
        events.Count(e => e.Kind == EventKind.Created).ShouldBe(3_956);
        events.Where(e => e.Kind == EventKind.Updated).ShouldAllBe(e => e.Lane == Lane.Low);
        events.Where(e => e.Kind != EventKind.Updated).ShouldAllBe(e => e.Lane == Lane.Normal);
        events
            .Where(e => e.Kind != EventKind.Closed)
            .ShouldAllBe(e => e.Fields.All(field => field.Name != "resolutionCode"));
        events.Count(e => e.Identifiers.IsEmpty).ShouldBe(7); // callers that are `?`
        events.ShouldAllBe(e => e.FollowsAnchor);
    }

    [SkippableFact]
    public void Incident_closures_are_those_expected()
    {
        List<LinkEvent> events = DataSets.AdmitAll(
            "incident-event-log",
            "cases/incident_event_log.csv"
        );
        Dictionary<string, LinkEvent[]> closures = events
            .Where(e => e.Kind == EventKind.Closed)
            .GroupBy(e => e.RecordId!)
            .ToDictionary(group => group.Key, group => group.ToArray());

        int checkedRows = 0;
        foreach (
            (string[] columns, string[] values) in DataSets.Rows(
                DataSets.Find("cases/expected_create_close.csv")
            )
        )
        {
            string Value(string column) => values[Array.IndexOf(columns, column)];
            LinkEvent[] closed = closures.GetValueOrDefault(Value("number"), []);
            closed.Length.ShouldBe(
                int.Parse(Value("n_closed_events"), CultureInfo.InvariantCulture)
            );
            if (closed.Length > 0)
            {
                DateTime last = closed.Max(e => e.OccurredAt).UtcDateTime;
                last.ToString("s", CultureInfo.InvariantCulture).ShouldBe(Value("last_closed_at"));
            }

            checkedRows++;
        }

        checkedRows.ShouldBe(5_812);
    }

    [SkippableFact]
    public void Cdnow_orders_sum_to_the_files_own_sums()
    {
        const string file = "purchases/cdnow_sample_transactions.csv";
        List<LinkEvent> events = DataSets.AdmitAll("cdnow", file, countRepeats: true);
        Dictionary<string, (int Count, decimal Sum)> expected = DataSets
            .Rows(DataSets.Find(file))
            .GroupBy(row => row.Values[0])
            .ToDictionary(
                group => group.Key,
                group =>
                    (
                        group.Count(),
                        group.Sum(r => decimal.Parse(r.Values[4], CultureInfo.InvariantCulture))
                    )
            );

        events.Select(e => e.EventId).Distinct().Count().ShouldBe(6_919);
        IGrouping<string, LinkEvent>[] customers = [.. events.GroupBy(e => e.Link.Id)];
        customers.Length.ShouldBe(2_357);
        foreach (IGrouping<string, LinkEvent> customer in customers)
        {
            // As the fold has it: one order per record id.
            decimal[] totals =
            [
                .. customer
                    .DistinctBy(e => e.RecordId)
                    .Select(e => e.Fields.Single(f => f.Name == "total").Value.AsNumber()!.Value),
            ];
            (totals.Length, totals.Sum()).ShouldBe(expected[customer.Key]);
        }
    }

    [SkippableFact]
    public void Cdnow_rows_that_repeat_count_once_without_the_occurrence()
    {
        List<LinkEvent> events = DataSets.AdmitAll(
            "cdnow",
            "purchases/cdnow_sample_transactions.csv"
        );

        events.Select(e => e.EventId).Distinct().Count().ShouldBe(6_898);
    }

    [SkippableFact]
    public void Completejourney_lines_are_each_their_own_and_exact()
    {
        const string file = "purchases/completejourney_transactions.csv";
        List<LinkEvent> events = DataSets.AdmitAll("completejourney", file);
        decimal expected = DataSets
            .Rows(DataSets.Find(file))
            .Sum(row => decimal.Parse(row.Values[5], CultureInfo.InvariantCulture));

        events.Count.ShouldBe(36_950);
        events.Select(e => (e.RecordId, e.Lines.Single().Id)).Distinct().Count().ShouldBe(36_950);
        events.Sum(e => e.Lines.Single().Amount).ShouldBe(expected);
        events.Select(e => e.RecordId).Distinct().Count().ShouldBe(23_169);
        events.ShouldAllBe(e => !e.LinesComplete);
    }

    [SkippableFact]
    public void Yoochoose_clicks_are_admitted_and_one_repeats_another()
    {
        List<LinkEvent> events = DataSets.AdmitAll(
            "yoochoose-clicks",
            "events/yoochoose_clicks.csv"
        );

        events.Count.ShouldBe(70_278);
        events.Select(e => e.EventId).Distinct().Count().ShouldBe(70_277);
        events.ShouldAllBe(e => e.Kind == EventKind.Engagement);
    }

    [SkippableFact]
    public void Salesforce_contacts_and_opportunities_refer_to_their_accounts()
    {
        HashSet<LinkKey> accounts =
        [
            .. DataSets
                .AdmitAll("sfdemo-accounts", "crm/salesforce_accounts.csv")
                .Select(e => e.Link),
        ];
        List<LinkEvent> contacts = DataSets.AdmitAll(
            "sfdemo-contacts",
            "crm/salesforce_contacts.csv"
        );
        List<LinkEvent> opportunities = DataSets.AdmitAll(
            "sfdemo-opportunities",
            "crm/salesforce_opportunities.csv"
        );

        accounts.Count.ShouldBe(50);
        contacts.Count.ShouldBe(50);
        contacts.ShouldAllBe(e => accounts.Contains(e.Account!.Value));
        opportunities.Count.ShouldBe(50);
        opportunities.ShouldAllBe(e => accounts.Contains(e.Link));
        opportunities.ShouldAllBe(e => e.Subject == SubjectKind.Account);
    }
}

using System.Globalization;
using System.Text.Json.Nodes;
using OrleansCdp.Events;
using Row = System.Collections.Generic.Dictionary<string, string>;

namespace OrleansCdp.Segments;

/// <summary>
/// Contracts of people, and of accounts of some people each. How long somebody was a customer when the file was written, for how long
/// the contract runs and whether they left stands in it; the days follow from that. That it goes on, or does not, is told half a day
/// after it ended.
/// </summary>
internal sealed class RealContracts
{
    /// <summary>Every second person has one of their own.</summary>
    private const int Personal = RealRows.People / 2;

    /// <summary>People who use what their account has.</summary>
    private const int PeopleOfAccount = 3;

    /// <summary>When the file is taken to be written.</summary>
    private static readonly DateTimeOffset Written = RealRows.Start.AddMonths(9);

    /// <summary>Until when they go on.</summary>
    private static readonly DateTimeOffset End = RealRows.Start.AddMonths(18);

    private readonly Row[] rows =
    [
        .. RealData.Rows("crm/telco_churn.csv").Take(Personal + (Personal / PeopleOfAccount)),
    ];

    /// <summary>The account whose contract a person uses; null for one of their own.</summary>
    public string? AccountOf(int person) =>
        person % 2 == 0 ? null : rows[Personal + (person / 2 / PeopleOfAccount)]["customerID"];

    /// <summary>What is told of them, and whose it is: a person, or an account.</summary>
    /// <param name="users">The user that each person is.</param>
    public IEnumerable<(int? Person, JsonObject Record)> Records(
        IReadOnlyDictionary<int, string> users
    )
    {
        foreach ((int i, Row row) in rows.Index())
        {
            int? person = i < Personal ? 2 * i : null;
            foreach ((DateTimeOffset told, DateTimeOffset end, string status) in TermsOf(row))
            {
                yield return (
                    person,
                    new JsonObject
                    {
                        ["id"] = row["customerID"],
                        ["userId"] = person is { } known ? users[known] : null,
                        ["accountId"] = person is null ? row["customerID"] : null,
                        ["type"] = row["Contract"],
                        ["status"] = status,
                        ["endDate"] = end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                        ["updatedAt"] = Rfc3339.Format(told),
                    }
                );
            }
        }
    }

    private static IEnumerable<(DateTimeOffset Told, DateTimeOffset End, string Status)> TermsOf(
        Row row
    )
    {
        int months = row["Contract"] switch
        {
            "Two year" => 24,
            "One year" => 12,
            _ => 1,
        };
        int tenure = int.Parse(row["tenure"], CultureInfo.InvariantCulture);
        DateTimeOffset began = Written.AddMonths(-tenure);
        int terms = 1;
        while (EndOf(terms) <= RealRows.Start)
        {
            terms++;
        }

        yield return (RealRows.Start, EndOf(terms), "active");
        for (; EndOf(terms) < End; terms++)
        {
            DateTimeOffset told = EndOf(terms).AddHours(12);
            if (row["Churn"] == "Yes" && told > Written)
            {
                yield return (told, EndOf(terms), "cancelled");
                yield break;
            }

            yield return (told, EndOf(terms + 1), "active");
        }

        DateTimeOffset EndOf(int term) => began.AddMonths(term * months);
    }
}

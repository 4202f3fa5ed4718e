using System.Runtime.InteropServices;
using OrleansCdp.Events;

namespace OrleansCdp.Insights;

/// <summary>The four insights that every contender keeps.</summary>
/// <param name="Orders">Orders made.</param>
/// <param name="Revenue">Their totals as <c>EUR 12.34</c>, sorted.</param>
/// <param name="LastEngagementAt">When anything was last done.</param>
/// <param name="OpenCases">Cases open.</param>
internal sealed record PersonAnswer(
    int Orders,
    string Revenue,
    DateTimeOffset? LastEngagementAt,
    int OpenCases
)
{
    /// <summary>Writes money down in one way.</summary>
    public static string RevenueOf(IEnumerable<(string Currency, decimal Amount)> money) =>
        string.Join(
            ", ",
            money
                .OrderBy(one => one.Currency, StringComparer.Ordinal)
                .Select(one => FormattableString.Invariant($"{one.Currency} {one.Amount:F2}"))
        );
}

/// <summary>Computes the answers from the workload itself, with nothing of the product or of a contender.</summary>
internal sealed class Oracle
{
    private readonly Dictionary<(int Person, int Device), Facts> anonymous = [];
    private readonly Dictionary<int, Facts> people = [];
    private readonly HashSet<(int Person, int Device)> proven = [];
    private readonly HashSet<long> seen = [];

    /// <summary>Takes events in.</summary>
    public static Oracle Of(IEnumerable<WorkloadEvent> events)
    {
        Oracle oracle = new();
        foreach (WorkloadEvent e in events)
        {
            if (oracle.seen.Add(e.Number))
            {
                oracle.Take(e);
            }
        }

        return oracle;
    }

    /// <summary>The answer about a person.</summary>
    public PersonAnswer AnswerOf(int person)
    {
        Facts[] all = Of(person);
        return new PersonAnswer(
            all.Sum(facts => facts.Orders),
            PersonAnswer.RevenueOf(
                all.SelectMany(facts => facts.Cents)
                    .GroupBy(cents => cents.Key)
                    .Select(same => (same.Key, same.Sum(cents => cents.Value) / 100m))
            ),
            all.Max(facts => facts.LastEngagementAt),
            all.Sum(facts => facts.OpenCases.Count)
        );
    }

    /// <summary>How often a person looked at a page or a product, or put one into the cart.</summary>
    public int EngagementsOf(int person) => Of(person).Sum(facts => facts.Engagements);

    private Facts[] Of(int person) =>
        [
            .. people.TryGetValue(person, out Facts? known) ? [known] : Array.Empty<Facts>(),
            .. anonymous
                .Where(one => one.Key.Person == person && proven.Contains(one.Key))
                .Select(one => one.Value),
        ];

    private void Take(in WorkloadEvent e)
    {
        if (
            e.Kind
            is WorkloadKind.NoSubject
                or WorkloadKind.BadTotal
                or WorkloadKind.Account
                or WorkloadKind.Contact
        )
        {
            return;
        }

        bool isCase = e.Kind is WorkloadKind.CaseCreated or WorkloadKind.CaseClosed;
        if (e.SignedIn)
        {
            proven.Add((e.Person, e.Device));
        }

        Facts facts =
            e.SignedIn || isCase ? Of(people, e.Person) : Of(anonymous, (e.Person, e.Device));
        facts.Take(e);
    }

    private static Facts Of<T>(Dictionary<T, Facts> all, T key)
        where T : notnull =>
        CollectionsMarshal.GetValueRefOrAddDefault(all, key, out _) ??= new Facts();

    private sealed class Facts
    {
        public int Orders { get; private set; }

        public Dictionary<string, long> Cents { get; } = [];

        public int Engagements { get; private set; }

        public DateTimeOffset? LastEngagementAt { get; private set; }

        public HashSet<long> OpenCases { get; } = [];

        public void Take(in WorkloadEvent e)
        {
            switch (e.Kind)
            {
                case WorkloadKind.OrderCompleted:
                    Orders++;
                    Cents[e.Currency] = Cents.GetValueOrDefault(e.Currency) + e.Cents;
                    break;
                case WorkloadKind.CaseCreated:
                    OpenCases.Add(e.Record);
                    break;
                case WorkloadKind.CaseClosed:
                    OpenCases.Remove(e.Record);
                    break;
                case WorkloadKind.Page or WorkloadKind.ProductViewed or WorkloadKind.AddToCart:
                    Engagements++;
                    LastEngagementAt = LastEngagementAt is { } known && known > e.At ? known : e.At;
                    break;
                default:
                    break;
            }
        }
    }
}

using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>
/// Anonymous visitors who look at pages, then sign in as people who are known: events of the workload in browsers of
/// their own, so that its oracle knows them too. Every second person has visitors; their visits are later than all
/// else, so that they are the latest of what these people did.
/// </summary>
/// <param name="count">Visitors.</param>
/// <param name="people">People in the workload.</param>
internal sealed class Visitors(int count, int people)
{
    /// <summary>Lines of one visitor before they sign in.</summary>
    public const int LinesBefore = 5;

    /// <summary>Lines of one visitor while they sign in: the sign-in, two views, and two lines sent again.</summary>
    public const int LinesDuring = 5;

    /// <summary>Lines of one visitor after they signed in.</summary>
    public const int LinesAfter = 1;

    /// <summary>Lines of one visitor that were sent before.</summary>
    public const int Copies = 2;

    /// <summary>Views of one visitor who orders nothing; who does has one less.</summary>
    public const int Views = 8;

    private const int FirstDevice = 1_000_000;
    private const long FirstNumber = 1_000_000_000;
    private const int NumbersEach = 16;
    private const int OrdersOneIn = 4;
    private const int OrderStep = 4;
    private const int SignInStep = 5;
    private static readonly DateTimeOffset Start = new(2025, 7, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How many.</summary>
    public int Count { get; } =
        count > 0 && people % 2 == 0 && count <= people
            ? count
            : throw new FormatException(
                "An even number of people is needed, at least as many as --visitors."
            );

    /// <summary>All distinct events.</summary>
    public IEnumerable<WorkloadEvent> All() =>
        Enumerable
            .Range(0, Count)
            .SelectMany(visitor => Before(visitor).Concat(During(visitor)).Append(After(visitor)));

    /// <summary>Who a visitor turns out to be.</summary>
    public int PersonOf(int visitor) => 2 * visitor % people;

    /// <summary>A visitor's anonymous id.</summary>
    public string BrowserOf(int visitor) =>
        RecordWriter.BrowserOf(PersonOf(visitor), FirstDevice + visitor);

    /// <summary>What a visitor does before signing in.</summary>
    public IEnumerable<WorkloadEvent> Before(int visitor)
    {
        yield return Event(visitor, 0, WorkloadKind.Page);
        yield return Event(visitor, 1, WorkloadKind.ProductViewed);
        yield return Event(visitor, 2, WorkloadKind.AddToCart);
        yield return Event(visitor, 3, WorkloadKind.Page);
        yield return visitor % OrdersOneIn == 0
            ? Event(visitor, OrderStep, WorkloadKind.OrderCompleted)
            : Event(visitor, OrderStep, WorkloadKind.Page);
    }

    /// <summary>What arrives while a visitor signs in, in any order; some of it twice.</summary>
    public IEnumerable<WorkloadEvent> During(int visitor)
    {
        WorkloadEvent signIn = Event(visitor, SignInStep, WorkloadKind.Identify) with
        {
            SignedIn = true,
        };
        yield return signIn;
        yield return signIn;
        yield return Event(visitor, 6, WorkloadKind.Page);
        yield return Event(visitor, 7, WorkloadKind.Page) with
        {
            SignedIn = true,
        };
        yield return Event(visitor, 2, WorkloadKind.AddToCart);
    }

    /// <summary>A page view of the same browser that does not say who is signed in.</summary>
    public WorkloadEvent After(int visitor) => Event(visitor, 8, WorkloadKind.Page);

    /// <summary>The ids of a visitor's views: what must be among what their person did, each once.</summary>
    public IEnumerable<string> ViewsOf(int visitor) =>
        Before(visitor)
            .Concat(During(visitor))
            .Append(After(visitor))
            .Where(e => e.Kind is not (WorkloadKind.Identify or WorkloadKind.OrderCompleted))
            .Select(e => RecordWriter.MessageOf(e.Number))
            .Distinct(StringComparer.Ordinal);

    private WorkloadEvent Event(int visitor, int step, WorkloadKind kind)
    {
        long number = FirstNumber + ((long)visitor * NumbersEach) + step;
        return new WorkloadEvent
        {
            Kind = kind,
            Number = number,
            Person = PersonOf(visitor),
            At = Start.AddSeconds(visitor).AddMilliseconds(step),
            Device = FirstDevice + visitor,
            Record = number,
            Cents = 100 + (visitor % 1_000),
        };
    }
}

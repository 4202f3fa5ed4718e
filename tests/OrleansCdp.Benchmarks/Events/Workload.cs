namespace OrleansCdp.Events;

/// <summary>What is generated.</summary>
internal sealed record WorkloadSettings
{
    /// <summary>People.</summary>
    public int People { get; init; } = 100_000;

    /// <summary>Accounts.</summary>
    public int Accounts { get; init; } = 10_000;

    /// <summary>Lines after the population is complete, copies and invalid ones included.</summary>
    public int Events { get; init; } = 2_000_000;

    /// <summary><c>zipf</c> (0.99) or <c>uniform</c>.</summary>
    public string Keys { get; init; } = "zipf";

    /// <summary>
    /// Who orders, opens cases and changes browsers: <c>same</c> for the choice of <see cref="Keys"/>, or
    /// <c>uniform</c>, which keeps a person's history as short as a real one, however often they look at pages.
    /// </summary>
    public string Lives { get; init; } = "same";

    /// <summary>Equal seeds give equal events.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>
    /// Share of the mix that is one person looking at pages, from 0 to below 1. Internal, so that the settings' text, and
    /// with it the name of the file, is as ever where it is 0.
    /// </summary>
    internal double Hot { get; init; }
}

/// <summary>
/// The seeded workload: first everybody once (accounts, contacts, then sign-ins), then the mix of a running
/// business. Endlessly repeatable: enumerating twice gives the same events.
/// </summary>
/// <param name="settings">What is generated.</param>
internal sealed class Workload(WorkloadSettings settings)
{
    /// <summary>Changes whenever the same settings give other events.</summary>
    public const int Version = 2;

    private const double DuplicateShare = 0.02;
    private const double InvalidShare = 0.005;
    private const double LateShare = 0.05;
    private const int EventsPerVirtualSecond = 100;
    private const int NearCopyLinesMax = 100;
    private const int HotPerson = 0;
    private const int ViewsOfHundred = 86;
    private const int FarCopyLinesMax = 3600 * EventsPerVirtualSecond;

    private static readonly DateTimeOffset Start = new(2025, 6, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Lines of accounts and contacts, which come first.</summary>
    public int CrmLines => settings.Accounts + settings.People;

    /// <summary>Lines of the first sign-ins, which come second.</summary>
    public int SignInLines => settings.People;

    /// <summary>All events in the order they are sent.</summary>
    public IEnumerable<WorkloadEvent> All() => Population().Concat(Mix());

    private IEnumerable<WorkloadEvent> Population()
    {
        for (int i = 0; i < settings.Accounts; i++)
        {
            yield return Event(WorkloadKind.Account, i, i, Start);
        }

        for (int i = 0; i < settings.People; i++)
        {
            yield return Event(WorkloadKind.Contact, settings.Accounts + i, i, Start);
        }

        for (int i = 0; i < settings.People; i++)
        {
            yield return Event(WorkloadKind.Identify, CrmLines + i, i, Start) with
            {
                SignedIn = true,
            };
        }
    }

    private IEnumerable<WorkloadEvent> Mix()
    {
        Chance chance = new(settings.Seed);
        KeyChoice keys = KeyChoice.Of(settings.Keys, settings.People);
        KeyChoice lives =
            settings.Lives == "same" ? keys : KeyChoice.Of(settings.Lives, settings.People);
        PriorityQueue<WorkloadEvent, int> copies = new();
        People people = new(settings.People);
        int farMax = Math.Min(FarCopyLinesMax, Math.Max(1, settings.Events / 4));
        long number = CrmLines + SignInLines;
        for (int line = 0; line < settings.Events; line++)
        {
            if (copies.TryPeek(out WorkloadEvent copy, out int due) && due <= line)
            {
                copies.Dequeue();
                yield return copy;
                continue;
            }

            WorkloadEvent next = Next(chance, keys, lives, people, number++, ClockAt(line));
            if (chance.Fraction() < DuplicateShare)
            {
                int after = 1 + chance.Below(chance.Below(2) == 0 ? NearCopyLinesMax : farMax);
                copies.Enqueue(next, line + after);
            }

            yield return next;
        }
    }

    private WorkloadEvent Next(
        Chance chance,
        KeyChoice keys,
        KeyChoice lives,
        People people,
        long number,
        DateTimeOffset now
    )
    {
        bool isHot = settings.Hot > 0 && chance.Fraction() < settings.Hot;
        int roll = chance.Below(isHot ? ViewsOfHundred : 100);
        int person = isHot ? HotPerson : (roll is >= 86 and < 97 ? lives : keys).Next(chance);
        DateTimeOffset at =
            chance.Fraction() < LateShare ? now.AddSeconds(-chance.Below(24 * 3600)) : now;
        if (chance.Fraction() < InvalidShare)
        {
            WorkloadKind wrong =
                chance.Below(2) == 0 ? WorkloadKind.NoSubject : WorkloadKind.BadTotal;
            return Event(wrong, number, person, at);
        }

        WorkloadEvent web = Event(WorkloadKind.Page, number, person, at) with
        {
            Device = people.DeviceOf(person),
            SignedIn = people.IsSignedIn(person),
            Record = chance.Below(5_000),
        };
        return roll switch
        {
            < 58 => web,
            < 78 => web with { Kind = WorkloadKind.ProductViewed },
            < 86 => web with { Kind = WorkloadKind.AddToCart },
            < 90 => web with
            {
                Kind = WorkloadKind.OrderCompleted,
                Record = number,
                Cents = 100 + chance.Below(50_000),
            },
            < 95 => people.SignIn(web with { Kind = WorkloadKind.Identify }, chance),
            < 97 => people.Case(Event(WorkloadKind.CaseCreated, number, person, now), chance),
            < 98 => Event(WorkloadKind.Contact, number, person, at),
            _ => Event(WorkloadKind.Account, number, person % settings.Accounts, at),
        };
    }

    private static WorkloadEvent Event(
        WorkloadKind kind,
        long number,
        int person,
        DateTimeOffset at
    ) =>
        new()
        {
            Kind = kind,
            Number = number,
            Person = person,
            At = at,
        };

    private static DateTimeOffset ClockAt(int line) =>
        Start.AddDays(1).AddMilliseconds(line * (1000L / EventsPerVirtualSecond));

    /// <summary>Who is signed in where, and whose cases are open.</summary>
    private sealed class People(int count)
    {
        private const double NewDeviceShare = 0.2;
        private readonly int[] device = new int[count];
        private readonly bool[] anonymous = new bool[count];
        private readonly Dictionary<int, Stack<long>> openCases = [];

        public int DeviceOf(int person) => device[person];

        public bool IsSignedIn(int person) => !anonymous[person];

        /// <summary>
        /// Signs in. One in five then goes on in a new browser, unknown until the next sign-in, which moves
        /// what it did there to the person.
        /// </summary>
        public WorkloadEvent SignIn(WorkloadEvent e, Chance chance)
        {
            anonymous[e.Person] = false;
            if (chance.Fraction() < NewDeviceShare)
            {
                anonymous[e.Person] = true;
                device[e.Person]++;
            }

            return e with
            {
                SignedIn = true,
            };
        }

        /// <summary>Closes an open case half of the time, opens one otherwise. Never late: a case has one history.</summary>
        public WorkloadEvent Case(WorkloadEvent e, Chance chance)
        {
            if (!openCases.TryGetValue(e.Person, out Stack<long>? open))
            {
                openCases.Add(e.Person, open = new Stack<long>());
            }

            if (open.Count > 0 && chance.Below(2) == 0)
            {
                return e with { Kind = WorkloadKind.CaseClosed, Record = open.Pop() };
            }

            open.Push(e.Number);
            return e with { Record = e.Number };
        }
    }
}

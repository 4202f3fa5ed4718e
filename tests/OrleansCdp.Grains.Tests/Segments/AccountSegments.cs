using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Segments;

/// <summary>Accounts with people, and segments that ask for them.</summary>
public abstract class AccountSegments : IAsyncLifetime
{
    private protected static readonly LinkKey Acme = new("shop", "customer", "acme");
    private protected static readonly LinkKey Other = new("shop", "customer", "other");

    private protected static readonly SegmentSet Banks = FakeSegments.SetOf(
        1,
        ("banks", "account.industry = 'Bank'", 1, 1)
    );

    private protected static readonly SegmentSet NotBanks = FakeSegments.SetOf(
        2,
        ("banks", "account.industry = 'Bank'", 1, 1),
        ("quiet", "not account.insights.recent > 0", 1, 2)
    );

    private protected static readonly SegmentSet Spending = FakeSegments.SetOf(
        3,
        ("spending", "account.insights.spent_by_all >= 20", 1, 3)
    );

    private readonly ConcurrentQueue<SnapshotWrite> saves = new();

    protected AccountSegments() =>
        Cluster = new Cluster
        {
            Clock = new SettableClock(),
            Insights = new FakeInsights(FakeSegments.InsightsOf(Banks, NotBanks, Spending)),
            Segments = Segments,
        };

    /// <summary>The silo.</summary>
    private protected Cluster Cluster { get; }

    /// <summary>The segments that are active.</summary>
    private protected FakeSegments Segments { get; } = new(Banks);

    /// <summary>Individuals and accounts that cannot be saved.</summary>
    private protected ConcurrentDictionary<string, bool> Failing { get; } = new();

    /// <summary>Those whose activation ends with its next save, which is stored.</summary>
    private protected ConcurrentDictionary<string, bool> Crashing { get; } = new();

    private protected FakeDatabase Database => Cluster.Database;

    private protected SettableClock Clock => (SettableClock)Cluster.Clock;

    public Task InitializeAsync()
    {
        Database.OnSave = (write, isSaved) =>
        {
            if (isSaved)
            {
                saves.Enqueue(write);
                if (Crashing.TryRemove(write.Id, out _))
                {
                    throw new TimeoutException("It is saved, and nothing more is done.");
                }
            }
            else if (Failing.ContainsKey(write.Id))
            {
                throw new TimeoutException("The database is away.");
            }
        };
        return Cluster.InitializeAsync();
    }

    public Task DisposeAsync() => Cluster.DisposeAsync();

    private protected async Task SayOfAccountAsync(LinkKey account, string industry, int number = 0)
    {
        number =
            number > 0 ? number
            : industry == "Bank" ? 1
            : 2;
        var outcomes = await AccountOf(account)
            .ApplyAsync(
                new([
                    (
                        Some.Event(account, $"{industry}{number}") with
                        {
                            Subject = SubjectKind.Account,
                            Traits = [new Field("industry", FieldValue.Of(industry))],
                            OccurredAt = Some.Noon.AddMinutes(number),
                        }
                    ).At(number),
                ])
            );
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
    }

    private protected async Task<string> SayOfPersonAsync(
        string name,
        LinkKey account,
        int number = 1
    )
    {
        LinkKey link = new("shop", "customer", name);
        string id = SubjectIds.IndividualOf(link);
        var outcomes = await GrainOf(id)
            .ApplyAsync(
                new([
                    (
                        Some.Event(link, $"{name}{number}") with
                        {
                            Account = account,
                            OccurredAt = Some.Noon.AddMinutes(number),
                        }
                    ).At(number),
                ]),
                id
            );
        outcomes.ShouldAllBe(outcome => outcome.Kind == OutcomeKind.Applied);
        return id;
    }

    /// <summary>Somebody of an account that is a bank, once it has told them so.</summary>
    private protected async Task<string> BankerAsync(string name)
    {
        string id = await SayOfPersonAsync(name, Acme);
        await Eventually.BeAsync(() => IsIn(id, "banks"));
        return id;
    }

    private protected Task ToldAsync(string id) =>
        Eventually.BeAsync(async () => (await IndividualAsync(id)).AccountFacts.Version > 0);

    private protected IAccountGrain AccountOf(LinkKey link) =>
        Cluster.Grains.GetGrain<IAccountGrain>(SubjectIds.AccountOf(link));

    private protected Task<DateTimeOffset?> WakeAccountAsync(LinkKey link) =>
        AccountOf(link).WakeAsync(DateTimeOffset.UnixEpoch);

    private protected IUnifiedIndividualGrain GrainOf(string id) =>
        Cluster.Grains.GetGrain<IUnifiedIndividualGrain>(id);

    private protected bool IsIn(string id, string segment) =>
        ChangesOf(id).LastOrDefault(change => change.Segment == segment) is { Entered: true };

    private protected MembershipChange[] ChangesOf(string id) =>
        [.. saves.Where(write => write.Id == id).SelectMany(write => write.MembershipChanges)];

    private protected async Task<Account> AccountAsync(LinkKey link) =>
        (await StoredAsync(SubjectIds.AccountOf(link), AccountShape.Instance))!;

    private protected async Task<UnifiedIndividual> IndividualAsync(string id) =>
        (await StoredAsync(id, IndividualShape.Instance))!;

    private async Task<T?> StoredAsync<T>(string id, IStateShape<T> shape)
        where T : class =>
        await new SnapshotCell<T>(
            id,
            Database,
            Cluster.Services.GetRequiredService<Serializer>(),
            shape
        ).LoadAsync(default);
}

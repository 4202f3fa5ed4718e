using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using OrleansCdp.Events;

namespace OrleansCdp.Segments;

/// <summary>In how many looks an account tells its people, and whom.</summary>
public sealed class AccountTellerTests
{
    private static readonly SegmentSet Banks = FakeSegments.SetOf(
        1,
        ("banks", "account.industry = 'Bank'", 1, 1)
    );

    private readonly ConcurrentQueue<string> told = new();
    private readonly KeptWarnings warnings = new();
    private readonly AccountTeller teller;

    public AccountTellerTests() => teller = NewTeller();

    [Fact]
    public async Task As_many_as_one_look_tells_are_told_in_one()
    {
        Account account = With(AccountTeller.OfOneLookMax, "Bank");

        (await teller.GoOnAsync(account)).ShouldBeTrue();

        Told().ShouldBe(account.ToBeTold());
    }

    [Fact]
    public async Task One_more_is_told_in_the_next_look_and_nobody_twice()
    {
        Account account = With(AccountTeller.OfOneLookMax + 1, "Bank");

        (await teller.GoOnAsync(account)).ShouldBeFalse();
        told.Count.ShouldBe(AccountTeller.OfOneLookMax);
        (await teller.GoOnAsync(account)).ShouldBeTrue();

        Told().ShouldBe(account.ToBeTold());
    }

    [Fact]
    public async Task Who_was_told_before_a_crash_is_told_again_after_it()
    {
        Account account = With(AccountTeller.OfOneLookMax + 1, "Bank");
        await teller.GoOnAsync(account);
        told.Clear();

        await TellAsync(NewTeller(), account);

        Told().ShouldBe(account.ToBeTold());
    }

    [Fact]
    public async Task All_whom_an_account_lists_are_told_and_one_more_is_not_which_is_logged()
    {
        Account full = With(Account.MembersMax, "Bank");
        await TellAsync(teller, full);
        Told().ShouldBe(full.ToBeTold());
        told.Count.ShouldBe(Account.MembersMax);
        warnings.Said.ShouldBeEmpty();
        told.Clear();

        await TellAsync(teller, Telling(full.Note(Person(Account.MembersMax)), "Retail"));

        Told().ShouldBe(full.ToBeTold());
        warnings.Said.ShouldHaveSingleItem().ShouldContain(": 1 or more others are not told");
    }

    private static async Task TellAsync(AccountTeller teller, Account account)
    {
        bool isDone = false;
        for (int looks = 0; !isDone; looks++)
        {
            looks.ShouldBeLessThan(account.Members.Length);
            isDone = await teller.GoOnAsync(account);
        }
    }

    private static Account With(int people, string industry)
    {
        Account account = new() { Id = "acc_1" };
        return Telling(
            Enumerable.Range(0, people).Aggregate(account, (one, i) => one.Note(Person(i))),
            industry
        );
    }

    private static Account Telling(Account account, string industry) =>
        account.Telling(
            Banks,
            new AccountAnswers(
                [new Field("account.industry", FieldValue.Of(industry))],
                Until: null
            ),
            Some.Noon
        );

    private static OrleansCdp.Member Person(int number)
    {
        string name = number.ToString("d5", CultureInfo.InvariantCulture);
        return new OrleansCdp.Member(
            new LinkKey("crm", "Contact", name),
            $"ind_{name}",
            Belongs: true,
            new Stamp()
        );
    }

    private AccountTeller NewTeller() =>
        new(
            "acc_1",
            People.Told(told),
            new FakeSegments(Banks),
            ReconciliationPolicy.Default,
            warnings
        );

    private string[] Told() => [.. told.Order(StringComparer.Ordinal)];

    /// <summary>People who take whatever they are told.</summary>
    public class People : DispatchProxy
    {
        private string individual = "";
        private ConcurrentQueue<string> told = new();

        public static IGrainFactory Told(ConcurrentQueue<string> told) =>
            Create<IGrainFactory>("", told);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod!.Name)
            {
                case nameof(IGrainFactory.GetGrain):
                    return Create<IUnifiedIndividualGrain>((string)args![0]!, told);
                case nameof(IUnifiedIndividualGrain.TakeAccountFactsAsync):
                    told.Enqueue(individual);
                    return Task.FromResult<string?>(null);
                default:
                    throw new NotSupportedException(targetMethod.Name);
            }
        }

        private static T Create<T>(string individual, ConcurrentQueue<string> told)
            where T : class
        {
            T proxy = Create<T, People>();
            People people = (People)(object)proxy;
            (people.individual, people.told) = (individual, told);
            return proxy;
        }
    }

    private sealed class KeptWarnings : ILogger
    {
        public ConcurrentQueue<string> Said { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Said.Enqueue(formatter(state, exception));
    }
}

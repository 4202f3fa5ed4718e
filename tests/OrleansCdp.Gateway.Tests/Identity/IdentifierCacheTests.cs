using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using OrleansCdp.Events;

namespace OrleansCdp.Identity;

/// <summary>What a gateway remembers of identifiers.</summary>
public sealed class IdentifierCacheTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly Directory directory = new();

    [Fact]
    public async Task An_anchors_bearer_is_remembered_until_it_says_otherwise()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        directory.Settled = true;
        directory.Bearers["1"] = ["ind_a"];

        (await cache.FindAsync("contactId", "1")).ShouldBe("ind_a");
        clock.Advance(TimeSpan.FromDays(1));
        (await cache.FindAsync("contactId", "1")).ShouldBe("ind_a");
        directory.Asked.ShouldBe(1);
    }

    [Fact]
    public async Task Any_other_bearer_is_remembered_for_moments()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        directory.Bearers["1"] = ["ind_a"];

        (await cache.FindAsync("phone", "1")).ShouldBe("ind_a");
        clock.Advance(TimeSpan.FromSeconds(4.9));
        (await cache.FindAsync("phone", "1")).ShouldBe("ind_a");
        directory.Asked.ShouldBe(1);

        clock.Advance(TimeSpan.FromSeconds(0.2));
        directory.Bearers["1"] = ["ind_b"];
        (await cache.FindAsync("phone", "1")).ShouldBe("ind_b");
        directory.Asked.ShouldBe(2);
    }

    [Fact]
    public async Task Nobody_is_not_remembered()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        (await cache.FindAsync("userId", "1")).ShouldBeNull();

        directory.Bearers["1"] = ["ind_a"];

        (await cache.FindAsync("userId", "1")).ShouldBe("ind_a");
    }

    [Fact]
    public async Task Several_bearers_are_a_problem_and_not_remembered()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        directory.Bearers["1"] = ["ind_a", "ind_b"];

        ProblemException found = await Should.ThrowAsync<ProblemException>(async () =>
            await cache.FindAsync("phone", "1")
        );

        found.Problem.Code.ShouldBe("ambiguous_identifier");
        found.Problem.Candidates.ShouldBe(["ind_a", "ind_b"]);
        directory.Bearers["1"] = ["ind_b"];
        (await cache.FindAsync("phone", "1")).ShouldBe("ind_b");
    }

    [Fact]
    public async Task What_the_individual_says_corrects_what_is_remembered()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        directory.Bearers["1"] = ["ind_a"];
        await cache.FindAsync("userId", "1");

        cache.Correct("userId", "1", "ind_survivor");
        (await cache.FindAsync("userId", "1")).ShouldBe("ind_survivor");
        directory.Asked.ShouldBe(1);

        cache.Forget("userId", "1");
        (await cache.FindAsync("userId", "1")).ShouldBe("ind_a");
        directory.Asked.ShouldBe(2);
    }

    [Fact]
    public async Task No_more_is_remembered_than_allowed()
    {
        IdentifierCache cache = CacheOf(remembered: 100);
        for (int i = 0; i < 100; i++)
        {
            directory.Bearers[$"{i}"] = [$"ind_{i}"];
            await cache.FindAsync("userId", $"{i}");
        }

        await cache.FindAsync("userId", "0");
        directory.Asked.ShouldBe(100);

        directory.Bearers["100"] = ["ind_100"];
        await cache.FindAsync("userId", "100");
        await cache.FindAsync("userId", "0");
        directory.Asked.ShouldBe(102);
    }

    [Theory]
    [InlineData(Limits.IdentifierMax, 1)]
    [InlineData(Limits.IdentifierMax + 1, 0)]
    public async Task Nothing_longer_than_an_identifier_is_looked_up(int length, int asked)
    {
        await CacheOf(remembered: 100).FindAsync("userId", new string('x', length));

        directory.Asked.ShouldBe(asked);
    }

    private IdentifierCache CacheOf(int remembered) =>
        new(
            OneGrain.Of(directory),
            Options.Create(
                new GatewayOptions
                {
                    IdentifiersRememberedMax = remembered,
                    UnsettledIdentifiersRemembered = TimeSpan.FromSeconds(5),
                }
            ),
            clock
        );

    private sealed class Directory : IIdentityGrain
    {
        public Dictionary<string, ImmutableArray<string>> Bearers { get; } = [];

        public bool Settled { get; set; }

        public int Asked { get; private set; }

        public Task<Bearers> FindAsync(SubjectKind subject, string type, string value)
        {
            Asked++;
            return Task.FromResult(new Bearers(Bearers.GetValueOrDefault(value, []), Settled));
        }
    }
}

/// <summary>A cluster in which every address leads to one grain.</summary>
public class OneGrain : DispatchProxy
{
    private IGrain? only;

    /// <summary>Such a cluster.</summary>
    public static IGrainFactory Of(IGrain only)
    {
        IGrainFactory factory = Create<IGrainFactory, OneGrain>();
        ((OneGrain)factory).only = only;
        return factory;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => only;
}

namespace OrleansCdp;

/// <summary>A database that breaks a promise is found out: the simulation can fail.</summary>
public sealed class MisbehaviourTests
{
    private const int SeedsMax = 200;

    [Fact]
    public void A_storage_that_ignores_the_version_is_found_out() =>
        Find(Misbehaviour.IgnoresVersions).ShouldNotBeEmpty();

    [Fact]
    public void A_log_that_forgets_who_writes_is_found_out() =>
        Find(Misbehaviour.ForgetsWriters).ShouldContain(what => what.Contains("Normal"));

    [Fact]
    public void A_checkpoint_that_is_moved_one_too_far_is_found_out() =>
        Find(Misbehaviour.MovesCheckpointsTooFar)
            .ShouldContain(what => what.Contains("which is nowhere"));

    [Fact]
    public void A_log_that_acknowledges_before_it_commits_is_found_out() =>
        Find(Misbehaviour.AcknowledgesTooEarly)
            .ShouldContain(what => what.Contains("was acknowledged and is not in the log"));

    [Fact]
    public void A_storage_that_forgets_what_became_of_events_is_found_out() =>
        Find(Misbehaviour.ForgetsFates).ShouldContain(what => what.Contains("do not balance"));

    [Fact]
    public void An_arbiter_that_lets_the_last_claim_win_is_found_out() =>
        Find(Misbehaviour.LetsTheLastClaim).ShouldNotBeEmpty();

    [Fact]
    public void A_sweep_that_fails_for_another_reason_than_the_databases_troubles_is_found_out() =>
        Find(Misbehaviour.DamagesOpenDecisions)
            .ShouldContain(what => what.Contains("What is open is damaged."));

    /// <summary>What the first seed that notices has to say.</summary>
    private static IEnumerable<string> Find(Misbehaviour broken) =>
        Enumerable
            .Range(1, SeedsMax)
            .Select(seed => Simulation.Run(seed, broken).Findings)
            .First(findings => findings.Count > 0)
            .Select(finding => finding.What);
}

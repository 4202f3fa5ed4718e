using System.Collections.Immutable;

namespace OrleansCdp.Identity;

/// <summary>
/// Match spaces: what fuzzy rules find people by, what they decided, and what of it is still to be done. PostgreSQL is
/// the arbiter: of one space there is one <see cref="IMatchTurn"/> at a time in the whole cluster.
/// </summary>
public interface IMatchStore
{
    /// <summary>The match space of a ruleset.</summary>
    /// <param name="ruleset">The ruleset's name.</param>
    /// <param name="version">The version of its definition, which becomes the live one if there is no such space yet.</param>
    /// <param name="text">The text of that version.</param>
    /// <param name="cancel">Stops it.</param>
    Task<MatchSpace> OpenAsync(string ruleset, int version, string text, CancellationToken cancel);

    /// <summary>The match space of a ruleset; null when no record was compared by it yet.</summary>
    Task<MatchSpace?> FindAsync(string ruleset, CancellationToken cancel);

    /// <summary>All match spaces in use, and those that are to succeed them.</summary>
    Task<ImmutableArray<MatchSpace>> ReadSpacesAsync(CancellationToken cancel);

    /// <summary>Waits for the turn to decide in a space.</summary>
    /// <param name="space">The space.</param>
    /// <param name="subjects">Links and individuals to be decided about; their rows are read.</param>
    /// <param name="cancel">Stops it.</param>
    Task<IMatchTurn> BeginAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>Moves that were decided and are not known to be made, of some links.</summary>
    Task<ImmutableArray<MatchMove>> ReadMovesAsync(
        int space,
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    );

    /// <summary>The oldest moves of all spaces that were decided and are not known to be made.</summary>
    /// <param name="after">Only those decided after this decision; 0 to begin.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MatchMove>> ReadMovesAsync(long after, int limit, CancellationToken cancel);

    /// <summary>
    /// Waits until nobody else moves any of these links, on any silo; nobody does until the result is disposed, or the
    /// process ends.
    /// </summary>
    Task<IAsyncDisposable> LockLinksAsync(
        IReadOnlyCollection<string> links,
        CancellationToken cancel
    );

    /// <summary>Forgets moves, unless something else was decided about their links since.</summary>
    Task FinishAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel);

    /// <summary>Notes why moves could not be made; they are tried again. Repeating it changes nothing.</summary>
    Task NoteStuckAsync(IReadOnlyCollection<MatchMove> moves, CancellationToken cancel);

    /// <summary>Individuals that are to be told which records may be theirs, the oldest first.</summary>
    /// <param name="after">Only those noted after this decision; 0 to begin.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MatchNews>> ReadNewsAsync(long after, int limit, CancellationToken cancel);

    /// <summary>The same of some individuals of a space.</summary>
    Task<ImmutableArray<MatchNews>> ReadNewsAsync(
        int space,
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    );

    /// <summary>Forgets news, unless there is more since.</summary>
    Task FinishAsync(IReadOnlyCollection<MatchNews> news, CancellationToken cancel);

    /// <summary>
    /// Links and individuals that are to be looked at again in every space, because of merges or a steward; the oldest first.
    /// </summary>
    /// <param name="after">Only those noted after this decision; 0 to begin.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ImmutableArray<MatchDue>> ReadDueAsync(long after, int limit, CancellationToken cancel);

    /// <summary>Those of them that are among some.</summary>
    Task<ImmutableArray<MatchDue>> ReadDueAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>
    /// Forgets that they are to be looked at, unless something happened to them since or there is another space by now.
    /// </summary>
    /// <param name="due">What was looked at.</param>
    /// <param name="spaces">The spaces in which it was.</param>
    /// <param name="cancel">Stops it.</param>
    Task FinishAsync(
        IReadOnlyCollection<MatchDue> due,
        IReadOnlyCollection<MatchSpace> spaces,
        CancellationToken cancel
    );

    /// <summary>What was decided about a link, the newest first.</summary>
    Task<ImmutableArray<StoredDecision>> ReadChangesAsync(
        int space,
        string link,
        int limit,
        CancellationToken cancel
    );

    /// <summary>What records say, in the order in which they are asked for; those that are unknown are left out.</summary>
    Task<ImmutableArray<SaidOf>> ReadSaidAsync(
        int space,
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>The records that may be an individual's and belong to nobody; the best first.</summary>
    /// <param name="space">The space.</param>
    /// <param name="individual">The individual.</param>
    /// <param name="limit">Most returned.</param>
    /// <param name="cancel">Stops the query.</param>
    Task<ImmutableArray<SoftLink>> ReadSoftLinksAsync(
        int space,
        string individual,
        int limit,
        CancellationToken cancel
    );

    /// <summary>What was decided about links, in the order of their keys.</summary>
    Task<ImmutableArray<MatchedLink>> ListAsync(MatchFilter filter, CancellationToken cancel);

    /// <summary>Groups that belong to nobody, in the order of their numbers, with their members.</summary>
    /// <param name="space">The space.</param>
    /// <param name="after">Only groups with a number above this one.</param>
    /// <param name="limit">Most groups returned.</param>
    /// <param name="cancel">Stops the query.</param>
    Task<ImmutableArray<UnresolvedGroup>> ListUnresolvedAsync(
        int space,
        long after,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Removes some of what spaces hold that are not in use any more.</summary>
    /// <returns>Whether there may be more.</returns>
    Task<bool> ClearAsync(CancellationToken cancel);
}

/// <summary>The turn to decide in a space. Nothing of it is done unless it is committed.</summary>
public interface IMatchTurn : IAsyncDisposable
{
    /// <summary>The live version of the ruleset, as of now.</summary>
    int Version { get; }

    /// <summary>Rows of the subjects that have one.</summary>
    IReadOnlyList<MatchRow> Rows { get; }

    /// <summary>Of the individuals that the turn began with, those that are merged: who has their links.</summary>
    IReadOnlyDictionary<string, string> Roots { get; }

    /// <summary>
    /// Of the links that the turn began with, those that claims give to somebody now: to whoever has that one's links.
    /// </summary>
    IReadOnlyDictionary<string, string> Owned { get; }

    /// <summary>Whether stewards have said anything of anybody.</summary>
    bool HasVerdicts { get; }

    /// <summary>
    /// The identifiers of this space that more individuals have than may, by <see cref="IdentifierValue.Key"/>.
    /// </summary>
    IReadOnlySet<long> Guarded { get; }

    /// <summary>
    /// The last record that has noted its identifiers, where records of an earlier program have not; null when all have.
    /// </summary>
    long? ListedTo { get; }

    /// <summary>Which individuals have an identifier, in one statement.</summary>
    /// <param name="keys">The identifiers.</param>
    /// <param name="limit">Most individuals read of one.</param>
    /// <param name="cancel">Stops it.</param>
    Task<ILookup<long, long>> ReadIndividualsAsync(
        IReadOnlyCollection<long> keys,
        int limit,
        CancellationToken cancel
    );

    /// <summary>Numbers for new records and groups, ascending; some may never be used.</summary>
    Task<long[]> NextIdsAsync(int count, CancellationToken cancel);

    /// <summary>Rows by their number.</summary>
    Task<IReadOnlyList<MatchRow>> ReadAsync(
        IReadOnlyCollection<long> ids,
        CancellationToken cancel
    );

    /// <summary>Rows of the subjects that have one.</summary>
    Task<IReadOnlyList<MatchRow>> ReadAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>Which records have which keys, in one statement.</summary>
    /// <param name="keys">Hashes of keys.</param>
    /// <param name="limit">Most records read of one key.</param>
    /// <param name="cancel">Stops it.</param>
    Task<KeyReading> ReadKeysAsync(
        IReadOnlyCollection<long> keys,
        int limit,
        CancellationToken cancel
    );

    /// <summary>What lies around records: their edges, and everybody in their groups.</summary>
    /// <param name="ids">The records.</param>
    /// <param name="scoreMin">Only edges of at least so many bits.</param>
    /// <param name="groups">Groups whose members are wanted.</param>
    /// <param name="cancel">Stops it.</param>
    Task<(IReadOnlyList<StoredEdge> Edges, IReadOnlyList<MatchRow> Members)> ReadAroundAsync(
        IReadOnlyCollection<long> ids,
        double scoreMin,
        IReadOnlyCollection<long> groups,
        CancellationToken cancel
    );

    /// <summary>The records that go with one of these, because they say the very same.</summary>
    Task<IReadOnlyList<MatchRow>> ReadTwinsAsync(
        IReadOnlyCollection<long> firsts,
        CancellationToken cancel
    );

    /// <summary>How many records go with each of these; those with none are left out.</summary>
    Task<IReadOnlyDictionary<long, int>> CountTwinsAsync(
        IReadOnlyCollection<long> firsts,
        CancellationToken cancel
    );

    /// <summary>Of the records of nobody that say the very same, the last that is compared.</summary>
    /// <param name="prints">What they say, as <see cref="MatchRow.Print"/>.</param>
    /// <param name="cancel">Stops it.</param>
    Task<IReadOnlyList<MatchRow>> ReadSameAsync(
        IReadOnlyCollection<long> prints,
        CancellationToken cancel
    );

    /// <summary>The links that anchors give to individuals.</summary>
    Task<IReadOnlyList<MatchRow>> ReadAnchoredAsync(
        IReadOnlyCollection<string> individuals,
        CancellationToken cancel
    );

    /// <summary>
    /// The links that anchors give to individuals as far as their rows tell, with whom claims and merges give them to by now.
    /// </summary>
    /// <param name="subjects">Individuals, or such links themselves.</param>
    /// <param name="cancel">Stops it.</param>
    Task<IReadOnlyList<OwnedRow>> ReadOwnersAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>
    /// What stewards have said of these links and individuals among each other and others. An individual that is merged
    /// is told by its root.
    /// </summary>
    Task<IReadOnlyList<StewardVerdict>> ReadVerdictsAsync(
        IReadOnlyCollection<string> subjects,
        CancellationToken cancel
    );

    /// <summary>Makes all of it true at once, and ends the turn.</summary>
    Task CommitAsync(MatchWrites writes, CancellationToken cancel);
}

using System.Collections.Immutable;

namespace OrleansCdp.Governance;

/// <summary>Kinds of definitions.</summary>
public static class DefinitionKinds
{
    /// <summary>What a source may send, and what it means.</summary>
    public const string Stream = "stream";

    /// <summary>How records find their individuals.</summary>
    public const string Ruleset = "ruleset";

    /// <summary>By which parameters purchases are predicted.</summary>
    public const string Model = "model";

    /// <summary>What is known of individuals and accounts as one value.</summary>
    public const string Insight = "insight";

    /// <summary>Who belongs together, by criteria. Put to be reviewed, not active at once.</summary>
    public const string Segment = "segment";

    /// <summary>All of them; what one names, of the kinds before it, must be there first.</summary>
    public static ImmutableArray<string> All { get; } = [Ruleset, Stream, Model, Insight, Segment];
}

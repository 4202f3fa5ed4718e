namespace OrleansCdp.Insights;

/// <summary>
/// The unit in which a purchase model counts time. Summaries, parameters and horizons that are used together are in the
/// same one; it changes no prediction, only the numbers in which it is stated.
/// </summary>
public enum TimeUnit
{
    /// <summary>24 hours.</summary>
    Day,

    /// <summary>Seven days.</summary>
    Week,
}

using System.Runtime.InteropServices;

namespace OrleansCdp.Insights;

/// <summary>How a tally goes from one silo to another: flat, as it was before some of it was kept apart.</summary>
[GenerateSerializer, Immutable, Alias("cdp.tally"), StructLayout(LayoutKind.Auto)]
public readonly record struct TallyForm
{
    /// <summary><see cref="Tally.Stretch"/>.</summary>
    [Id(0)]
    public long Stretch { get; init; }

    /// <summary><see cref="Tally.Part"/>.</summary>
    [Id(1)]
    public string? Part { get; init; }

    /// <summary><see cref="Tally.Count"/>.</summary>
    [Id(2)]
    public long Count { get; init; }

    /// <summary><see cref="Tally.Sum"/>.</summary>
    [Id(3)]
    public Int128 Sum { get; init; }

    /// <summary><see cref="SecondSum.Sum"/>.</summary>
    [Id(4)]
    public Int128 Second { get; init; }

    /// <summary><see cref="FadingSum.Amount"/>.</summary>
    [Id(5)]
    public double Faded { get; init; }

    /// <summary><see cref="FadingSum.At"/>; 0 where nothing fades.</summary>
    [Id(6)]
    public long FadedAt { get; init; }

    /// <summary>The value that is picked, if one is.</summary>
    [Id(7)]
    public Picked? Picked { get; init; }

    /// <summary>Different values, if they are counted.</summary>
    [Id(8)]
    public DistinctCount? Distinct { get; init; }

    /// <summary>The latest moments, if they are asked for.</summary>
    [Id(9)]
    public LatestInstants? Instants { get; init; }
}

/// <summary>Brings tallies into their form and back.</summary>
[RegisterConverter]
public sealed class TallyConverter : IConverter<Tally, TallyForm>
{
    /// <inheritdoc/>
    public Tally ConvertFromSurrogate(in TallyForm surrogate) =>
        new()
        {
            Stretch = surrogate.Stretch,
            Part = surrogate.Part,
            Count = surrogate.Count,
            Sum = surrogate.Sum,
            Beside =
                surrogate is { Picked: { } picked } ? picked
                : surrogate is { Distinct: { } distinct } ? distinct
                : surrogate is { Instants: { } instants } ? instants
                : surrogate.FadedAt != 0 ? new FadingSum(surrogate.Faded, surrogate.FadedAt)
                : surrogate.Second != 0 ? new SecondSum(surrogate.Second)
                : null,
        };

    /// <inheritdoc/>
    public TallyForm ConvertToSurrogate(in Tally value) =>
        new()
        {
            Stretch = value.Stretch,
            Part = value.Part,
            Count = value.Count,
            Sum = value.Sum,
            Second = value.Second,
            Faded = value.Beside is FadingSum fading ? fading.Amount : 0,
            FadedAt = (value.Beside as FadingSum)?.At ?? 0,
            Picked = value.Beside as Picked,
            Distinct = value.Beside as DistinctCount,
            Instants = value.Beside as LatestInstants,
        };
}

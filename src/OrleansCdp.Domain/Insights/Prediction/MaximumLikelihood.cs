using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace OrleansCdp.Insights;

/// <summary>The mean log-likelihood of a customer at these parameters, and its derivatives by them.</summary>
/// <param name="parameters">All above 0.</param>
/// <param name="gradient">To be filled; as many as parameters.</param>
internal delegate double MeanLogLikelihood(ReadOnlySpan<double> parameters, Span<double> gradient);

/// <summary>
/// Newton's method on the logarithms of positive parameters. Curvature is taken by its size, so that a saddle is left downhill
/// (Dauphin et al., "Identifying and attacking the saddle point problem", 2014); the same data give the same result.
/// </summary>
/// <remarks>
/// A likelihood that grows for ever flattens out on its way, and by its slope alone would pass for a maximum. Newton's
/// step divides the slope by the curvature, which flattens as well: it goes to 0 at a maximum and stays about 1 where there is
/// none. So only a small step ends the search, and a parameter out of range gives it up.
/// </remarks>
internal sealed class MaximumLikelihood
{
    /// <summary>Parameters above this, or below its inverse, have run away. Time and value are scaled to a mean of 1.</summary>
    public const double ParameterMax = 1e5;

    /// <summary>Steps at most; a handful to thirty are usual.</summary>
    public const int IterationsMax = 200;

    // In logarithms: a relative change of the parameters.
    private const double StepMax = 1;
    private const double StepTolerance = 1e-6;
    private const double HalvingsMax = 30;
    private const double DifferenceStep = 1e-4;

    // What rounding makes of the mean log-likelihood and its second derivatives.
    private const double ValueNoise = 1e-12;
    private const double CurvatureNoise = 1e-9;

    private readonly MeanLogLikelihood likelihood;
    private readonly string[] names;

    private MaximumLikelihood(MeanLogLikelihood likelihood, string[] names)
    {
        this.likelihood = likelihood;
        this.names = names;
    }

    /// <summary>Looks for the maximum.</summary>
    /// <param name="likelihood">What is to be maximised.</param>
    /// <param name="names">The parameters' names, for the explanation when there is none.</param>
    /// <param name="start">Where to begin.</param>
    public static Search Find(
        MeanLogLikelihood likelihood,
        string[] names,
        params ReadOnlySpan<double> start
    )
    {
        Vector<double> at = Vector<double>.Build.Dense(start.Length);
        for (int i = 0; i < start.Length; i++)
        {
            at[i] = Math.Log(start[i]);
        }

        return new MaximumLikelihood(likelihood, names).Climb(at);
    }

    private Search Climb(Vector<double> at)
    {
        Slope slope = SlopeAt(at);
        for (int i = 1; i <= IterationsMax; i++)
        {
            Evd<double> curvature = CurvatureAt(at).Evd(Symmetricity.Symmetric);
            Vector<double> step = StepOf(curvature, slope.Gradient);
            double size = step.AbsoluteMaximum();
            bool isPeak = curvature.EigenValues.All(value => value.Real < -CurvatureNoise);
            Vector<double> next = at + (step * Math.Min(1, StepMax / size));
            if (OutOfRange(next) is { } name)
            {
                return new(null, i, name);
            }

            if (isPeak && size < StepTolerance)
            {
                return new([.. next.Select(Math.Exp)], i, null);
            }

            Slope ahead = SlopeAt(next);
            for (int half = 0; half < HalvingsMax && IsWorse(ahead, slope); half++)
            {
                next = (at + next) / 2;
                ahead = SlopeAt(next);
            }

            at = next;
            slope = ahead;
        }

        return new(null, IterationsMax, "the search does not come to rest");
    }

    private static bool IsWorse(Slope ahead, Slope slope) =>
        !(ahead.Value >= slope.Value - (ValueNoise * (1 + Math.Abs(slope.Value))));

    private static Vector<double> StepOf(Evd<double> curvature, Vector<double> gradient)
    {
        Vector<double> along = curvature.EigenVectors.TransposeThisAndMultiply(gradient);
        for (int i = 0; i < along.Count; i++)
        {
            along[i] /= Math.Max(Math.Abs(curvature.EigenValues[i].Real), CurvatureNoise);
        }

        return curvature.EigenVectors * along;
    }

    private string? OutOfRange(Vector<double> at)
    {
        for (int i = 0; i < at.Count; i++)
        {
            if (!(Math.Abs(at[i]) <= Math.Log(ParameterMax)))
            {
                string where = at[i] > 0 ? "infinity" : "0";
                return $"{names[i]} runs to {where}";
            }
        }

        return null;
    }

    private Slope SlopeAt(Vector<double> at)
    {
        Span<double> parameters = stackalloc double[at.Count];
        Span<double> gradient = stackalloc double[at.Count];
        for (int i = 0; i < at.Count; i++)
        {
            parameters[i] = Math.Exp(at[i]);
        }

        double value = likelihood(parameters, gradient);
        Vector<double> byLog = Vector<double>.Build.Dense(at.Count);
        for (int i = 0; i < at.Count; i++)
        {
            byLog[i] = gradient[i] * parameters[i];
        }

        return new(value, byLog);
    }

    private Matrix<double> CurvatureAt(Vector<double> at)
    {
        Matrix<double> curvature = Matrix<double>.Build.Dense(at.Count, at.Count);
        for (int i = 0; i < at.Count; i++)
        {
            Vector<double> off = Vector<double>.Build.Dense(at.Count);
            off[i] = DifferenceStep;
            Vector<double> change = SlopeAt(at + off).Gradient - SlopeAt(at - off).Gradient;
            curvature.SetRow(i, change / (2 * DifferenceStep));
        }

        return (curvature + curvature.Transpose()) / 2;
    }

    /// <summary>What a search found.</summary>
    /// <param name="Parameters">The maximum, or null.</param>
    /// <param name="Iterations">Steps taken.</param>
    /// <param name="Reason">Why there is none, or null.</param>
    internal sealed record Search(double[]? Parameters, int Iterations, string? Reason);

    private readonly record struct Slope(double Value, Vector<double> Gradient);
}

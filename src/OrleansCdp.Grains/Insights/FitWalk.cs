using OrleansCdp.Events;
using OrleansCdp.Identity;

namespace OrleansCdp.Insights;

/// <summary>One fit: who is a customer, and what comes of it.</summary>
internal sealed class FitWalk(
    ILogHistory log,
    IGrainFactory grains,
    FitRequest request,
    ActiveInsight insight
)
{
    private readonly CustomerSample sample = new(request, insight.Definition, insight.Version);
    private DateTimeOffset until;
    private int individuals;
    private int damaged;

    /// <summary>Asks all stored individuals, in the order of their ids, until there are as many customers as are wanted.</summary>
    /// <returns>False when the insight is another one meanwhile.</returns>
    public async Task<bool> RunAsync(DateTimeOffset end, CancellationToken cancel)
    {
        until = end;
        CustomerQuestion question = new(insight.Revision, end, request.Unit, request.Period);
        string after = SubjectIds.IndividualPrefix;
        while (true)
        {
            var ids = await log.IdsAsync(after, ILogHistory.IdsMax, cancel);
            string[] known = [.. ids.TakeWhile(id => SubjectIds.IsIndividual(id))];
            foreach (string[] some in known.Chunk(IPredictionFitGrain.AskedAtOnceMax))
            {
                cancel.ThrowIfCancellationRequested();
                CustomerAnswer?[] answers = await Task.WhenAll(
                    some.Select(id => AskAsync(id, question))
                );
                if (answers.Any(answer => answer is { IsReplaced: true }))
                {
                    return false;
                }

                if (!Take(answers))
                {
                    return true;
                }
            }

            if (known.Length < ILogHistory.IdsMax)
            {
                return true;
            }

            after = known[^1];
        }
    }

    /// <summary>Fits the model to whom the walk has met.</summary>
    public FitAnswer Fit(DateTimeOffset now)
    {
        PredictionSample customers = sample.ToSample(until);
        FitAnswer answer = new()
        {
            Until = until,
            Individuals = individuals,
            Damaged = damaged,
            Customers = sample.Count,
            IsSample = sample.IsSample,
            RepeatBuyers = sample.RepeatBuyers,
            Incomplete = sample.Incomplete,
            Currency = customers.Currency,
            InOtherCurrencies = customers.Currency is { } currency
                ? sample.WithoutValue(currency)
                : 0,
        };
        return PredictionFit.Of(request.Model, customers, now) switch
        {
            PredictionFit.Drafted draft => answer with
            {
                Text = PredictionModelWriter.Draft(draft),
                LogLikelihood = draft.Purchases.LogLikelihood,
                ValuesLogLikelihood = draft.Model.Fitted?.ValuesLogLikelihood,
                ValuesGap = draft.Values is ModelFit<GammaGamma>.NotFitted none
                    ? new FitGap(none.Obstacle, none.Explanation)
                    : null,
            },
            PredictionFit.NotFitted none => answer with
            {
                Gap = new FitGap(none.Obstacle, none.Explanation),
            },
            _ => throw new InvalidOperationException("A fit is a draft or none."),
        };
    }

    /// <summary>Takes the customers among them.</summary>
    /// <returns>Whether further ones are wanted.</returns>
    private bool Take(CustomerAnswer?[] answers)
    {
        foreach (CustomerAnswer? answer in answers)
        {
            individuals++;
            damaged += answer is null ? 1 : 0;
            if (answer?.Customer is { } customer)
            {
                sample.Add(customer);
                if (sample.IsSample)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Asks one individual. Null when its state is damaged.</summary>
    private async Task<CustomerAnswer?> AskAsync(string id, CustomerQuestion question)
    {
        try
        {
            return await grains.GetGrain<IUnifiedIndividualGrain>(id).GetCustomerAsync(question);
        }
        catch (StateCorruptException)
        {
            return null;
        }
    }
}

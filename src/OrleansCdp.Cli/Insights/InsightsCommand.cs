using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace OrleansCdp.Insights;

/// <summary><c>cdp insights</c>: fits the models by which insights predict.</summary>
internal static class InsightsCommand
{
    private const int CustomersMax = 200_000;

    public static Command Create() =>
        new("insights", "What is known about people: fit the models by which insights predict.")
        {
            new FitCommand().Create(),
        };

    /// <summary><c>cdp insights fit</c>.</summary>
    private sealed class FitCommand
    {
        private readonly GatewayOptions gateway = new();

        private readonly Option<string?> model = new("--model")
        {
            Description = "What the model is to be called. Default: default.",
        };

        private readonly Option<string?> insight = new("--insight")
        {
            Description =
                "An insight that predicts: it says what a purchase is, and its worth. Default: predicted_lifetime_value.",
        };

        private readonly Option<string?> until = new("--until")
        {
            Description = "The last moment observed, such as 1997-09-30T23:59:59Z. Default: now.",
        };

        private readonly Option<string?> unit = new("--unit")
        {
            Description = "In what time is counted: day or week. Default: day.",
        };

        private readonly Option<string?> period = new("--period")
        {
            Description = "Purchases of one such period are one: day or week. Default: day.",
        };

        private readonly Option<string?> currency = new("--currency")
        {
            Description = "In which values are fitted. Default: that of most repeat purchases.",
        };

        private readonly Option<string?> firstFrom = new("--first-from")
        {
            Description = "Only customers whose first purchase was not before this moment.",
        };

        private readonly Option<string?> firstBefore = new("--first-before")
        {
            Description = "Only customers whose first purchase was before this moment.",
        };

        private readonly Option<int?> customersMax = new("--customers-max")
        {
            Description =
                $"Most customers, 1 to {CustomersMax}; of more a sample by their ids, which are hashes. Default: {CustomersMax}.",
        };

        private readonly Option<FileInfo?> to = new("--out", "-o")
        {
            Description =
                "File for the draft. Review it, then: cdp apply -f NAME.model.yaml. Default: standard output.",
        };

        private readonly Option<bool> force = new("--force")
        {
            Description = "Overwrites the file.",
        };

        public Command Create()
        {
            Command command = new(
                "fit",
                "Estimates from the stored purchases when people buy and for how much. Writes a draft; changes nothing."
            )
            {
                model,
                insight,
                until,
                unit,
                period,
                currency,
                firstFrom,
                firstBefore,
                customersMax,
                to,
                force,
            };
            gateway.AddTo(command);
            command.Does(FitAsync);
            return command;
        }

        private async Task<int> FitAsync(ParseResult parsed, CancellationToken cancel)
        {
            FileInfo? file = parsed.GetValue(to);
            if (file is { Exists: true } && !parsed.GetValue(force))
            {
                throw new CommandFailedException(
                    $"{file} exists already. To overwrite it, add --force."
                );
            }

            using CdpApi api = gateway.Connect(parsed);
            JsonObject answer = await api.SendAsync(
                HttpMethod.Post,
                "/v1/insights/fit",
                Encoding.UTF8.GetBytes(BodyOf(parsed).ToJsonString()),
                "application/json",
                cancel
            );
            // Where the draft goes to standard output, nothing else does.
            TextWriter report = file is null ? Console.Error : Console.Out;
            await report.WriteAsync(FitReport.Of(answer));
            if ((string?)answer["text"] is not { } draft)
            {
                return 1;
            }

            if (file is null)
            {
                await Console.Out.WriteAsync(draft);
            }
            else
            {
                await File.WriteAllTextAsync(file.FullName, draft, cancel);
                await report.WriteLineAsync(
                    $"The draft is in {file}. It predicts nothing until it is applied."
                );
            }

            return 0;
        }

        private JsonObject BodyOf(ParseResult parsed) =>
            new()
            {
                ["model"] = parsed.GetValue(model),
                ["insight"] = parsed.GetValue(insight),
                ["until"] = parsed.GetValue(until),
                ["unit"] = parsed.GetValue(unit),
                ["period"] = parsed.GetValue(period),
                ["currency"] = parsed.GetValue(currency),
                ["cohort"] = new JsonObject
                {
                    ["firstPurchaseFrom"] = parsed.GetValue(firstFrom),
                    ["firstPurchaseBefore"] = parsed.GetValue(firstBefore),
                },
                ["customersMax"] = parsed.GetValue(customersMax),
            };
    }
}

/// <summary>What came of a fit, for people.</summary>
internal static class FitReport
{
    /// <summary>Lines about the customers, what was fitted and what was not.</summary>
    public static string Of(JsonObject answer)
    {
        StringBuilder text = new();
        string sample = (bool)answer["isSample"]! ? ", a sample by their ids" : "";
        text.Append(
            CultureInfo.InvariantCulture,
            $"{answer["customers"]} customers{sample}, {answer["repeatBuyers"]} of whom bought again; "
        );
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{answer["individuals"]} individuals were asked."
        );
        if ((int)answer["damaged"]! > 0)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{answer["damaged"]} individuals are damaged and did not answer."
            );
        }

        if ((int)answer["incomplete"]! > 0)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Of {answer["incomplete"]} customers purchases are missing, folded away before the insight was defined."
            );
        }

        if (!(bool)answer["fitted"]!)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"Not fitted ({answer["obstacle"]}): {answer["explanation"]}"
            );
            return text.ToString();
        }

        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"Purchases fitted: log-likelihood {answer["logLikelihood"]}."
        );
        AddValues(text, answer["values"]!);
        return text.ToString();
    }

    private static void AddValues(StringBuilder text, JsonNode values)
    {
        string line =
            (bool)values["fitted"]!
                ? $"Values fitted in {values["currency"]}: log-likelihood {values["logLikelihood"]}."
            : values["obstacle"] is { } obstacle
                ? $"Values not fitted ({obstacle}): {values["explanation"]}"
            : "Values not fitted: no purchases in one currency have a value.";
        text.AppendLine(line);
        if ((int)values["inOtherCurrencies"]! > 0)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{values["inOtherCurrencies"]} who bought again in other currencies count without their values."
            );
        }
    }
}

using System.Text.Json;
using OrleansCdp.Identity;

namespace OrleansCdp.Context;

/// <summary>Records of nobody that may be an individual's, as people see them.</summary>
internal static class PossibleMatchJson
{
    /// <summary>Writes them as <c>possibleMatches</c>, the best first; empty when there are none.</summary>
    public static void Write(Utf8JsonWriter json, UnifiedIndividual individual)
    {
        json.WriteStartArray("possibleMatches");
        foreach (PossibleMatch match in PossibleMatches.BestOf(individual.Possible))
        {
            json.WriteStartObject();
            json.WriteString("link", match.Link);
            json.WriteNumber("score", Math.Round(match.Score, 2));
            json.WriteStartArray("reasons");
            foreach (MatchReason reason in match.Reasons)
            {
                json.WriteStartObject();
                json.WriteString("field", reason.Field);
                json.WriteString("agreement", reason.Agreement);
                json.WriteNumber("weight", Math.Round(reason.Weight, 2));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

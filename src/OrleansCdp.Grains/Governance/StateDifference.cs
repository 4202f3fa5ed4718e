using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansCdp.Governance;

/// <summary>Finds where two states differ, as JSON.</summary>
internal static class StateDifference
{
    /// <summary>The JSON pointer (RFC 6901) to the first field that differs; null when none does.</summary>
    public static string? Between<T>(T expected, T served)
    {
        byte[] left = JsonSerializer.SerializeToUtf8Bytes(expected);
        byte[] right = JsonSerializer.SerializeToUtf8Bytes(served);
        return left.AsSpan().SequenceEqual(right)
            ? null
            : Between(JsonNode.Parse(left), JsonNode.Parse(right), "") ?? "";
    }

    private static string? Between(JsonNode? expected, JsonNode? served, string at)
    {
        switch (expected, served)
        {
            case (JsonObject left, JsonObject right):
                return left.Select(field => field.Key)
                    .Union(right.Select(field => field.Key), StringComparer.Ordinal)
                    .Select(name =>
                        left.ContainsKey(name) && right.ContainsKey(name)
                            ? Between(left[name], right[name], $"{at}/{Escape(name)}")
                            : $"{at}/{Escape(name)}"
                    )
                    .FirstOrDefault(found => found is not null);
            case (JsonArray left, JsonArray right):
                for (int i = 0; i < Math.Max(left.Count, right.Count); i++)
                {
                    string here = $"{at}/{i}";
                    string? found =
                        i < left.Count && i < right.Count ? Between(left[i], right[i], here) : here;
                    if (found is not null)
                    {
                        return found;
                    }
                }

                return null;
            default:
                return JsonNode.DeepEquals(expected, served) ? null : at;
        }
    }

    private static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal)
            .Replace("/", "~1", StringComparison.Ordinal);
}

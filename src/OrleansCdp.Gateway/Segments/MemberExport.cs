using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansCdp.Segments;

/// <summary>Everybody who is in a segment, in one answer. It needs the memory of one page, however long it is.</summary>
/// <remarks>
/// Pages are read one after the other: whoever enters or leaves meanwhile is in it or not. One that fails midway is cut off, so that
/// nobody takes a part for the whole.
/// </remarks>
internal static class MemberExport
{
    /// <summary>The media type of JSON lines.</summary>
    public const string Lines = "application/x-ndjson";

    /// <summary>The media type of CSV.</summary>
    public const string Csv = "text/csv";

    private const string Header = "individual,tier,since,version\r\n";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Whether CSV is wanted.</summary>
    /// <exception cref="ProblemException">Something unknown is: 400 <c>bad_format</c>.</exception>
    public static bool IsCsv(string? format) =>
        format switch
        {
            null or "ndjson" => false,
            "csv" => true,
            _ => throw new ProblemException(
                Problem.BadRequest("bad_format", "The format is ndjson or csv.")
            ),
        };

    /// <summary>Writes all members.</summary>
    public static async Task WriteAsync(
        HttpContext http,
        IGrainFactory grains,
        string segment,
        string? tier,
        bool isCsv
    )
    {
        var list = grains.GetGrain<IMembershipListGrain>(0);
        // What fails before anything is written is answered as a problem.
        var page = await PageAsync(after: null);
        http.Response.ContentType = isCsv ? $"{Csv}; charset=utf-8; header=present" : Lines;
        if (isCsv)
        {
            await http.Response.WriteAsync(Header, http.RequestAborted);
        }

        while (!page.IsEmpty)
        {
            StringBuilder text = new();
            foreach (Member member in page)
            {
                text.Append(isCsv ? CsvOf(member) : LineOf(member));
            }

            await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
            page =
                page.Length < IMembershipListGrain.PageMax
                    ? []
                    : await PageAsync(page[^1].Individual);
        }

        // A failure leaves the answer without its last chunk: the server closes the connection.
        Task<ImmutableArray<Member>> PageAsync(string? after) =>
            list.GetMembersAsync(segment, tier, after, IMembershipListGrain.PageMax);
    }

    private static string LineOf(Member member) =>
        JsonSerializer.Serialize(MembershipView.Of(member), Json) + "\n";

    // Ids and tiers are letters, digits and underscores: none needs quotes.
    private static string CsvOf(Member member) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{member.Individual},{member.Tier},{Rfc3339.Format(member.Since)},{member.Version}\r\n"
        );
}

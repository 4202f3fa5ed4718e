using System.Text.Json.Nodes;
using OrleansCdp.Events;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>
/// Whatever is said to be an identifier is taken and found again by exactly what was said, or left out and counted, or
/// refused with a reason and kept; and the rest of its batch goes in.
/// </summary>
[Collection(GatewayCollection.Name)]
public sealed class IdentifierInputTests(GatewayHost host)
{
    private const string Taken = "taken";
    private const string LeftOut = "left out";
    private const string Domain = "@mail.example";

    /// <summary>Texts in which somebody may have a name.</summary>
    private static readonly string[] Texts =
    [
        "Ωμέγα",
        "محمد",
        "山田太郎",
        "हिन्दी",
        "👩‍👩‍👧🏽",
        "e\u0301\u0323",
        "\u00e9\u0323",
        "Z\u0351\u036b\u0343\u036a\u0302",
        "\u200fab\u200e",
        "\u202eabc\u202c",
        "\u200bz",
        "\ufeffb",
        "İı",
        "ßẞ",
        "a/b//c/",
        "a%2Fb",
        "a%252Fb",
        "x/../y",
        "?a=1&b=#c",
        "a+b;c,d",
        "it's \"x\"'; drop table cdp.claim;--",
        "a\\b",
        "a_b%c",
        "\u0001\u007f\u0085x",
    ];

    /// <summary>What names nobody.</summary>
    private static readonly string[] Junk =
    [
        "null",
        "NULL",
        " undefined ",
        "000000",
        "anonymous",
        "n/a",
        "[object Object]",
        "---",
        "..",
        "00000000-0000-0000-0000-000000000000",
    ];

    private static readonly string[] Blanks = ["", "   ", "\t\r\n", "\u3000\u00a0\u2003"];

    private readonly List<string> wrong = [];

    [Theory]
    [InlineData("contactId")]
    [InlineData("userId")]
    [InlineData("anonymousId")]
    public async Task An_id_is_found_by_what_was_said_or_refused(string type)
    {
        List<(string Value, string Outcome)> said =
        [
            .. Texts.Select(text => (text, Taken)),
            ("a b", Taken),
            ("  padded  ", Taken),
            ("\u3000wide\u2003", Taken),
            (new string('x', Limits.IdentifierMax), Taken),
            (new string('漢', Limits.IdentifierMax), Taken),
            (Repeat("🦊", Limits.IdentifierMax / 2), Taken),
            (new string('x', Limits.IdentifierMax + 1), ReasonCodes.LimitExceeded),
            (new string('漢', Limits.IdentifierMax + 1), ReasonCodes.LimitExceeded),
            (Repeat("🦊", (Limits.IdentifierMax / 2) + 1), ReasonCodes.LimitExceeded),
            (new string('x', 500), ReasonCodes.LimitExceeded),
            ("a\0b", ReasonCodes.BadText),
            ("\ud83e", ReasonCodes.BadText),
            ("\udd8a\ud83e", ReasonCodes.BadText),
            .. Junk.Select(junk => (junk, ReasonCodes.IdentifierBlocked)),
            .. Blanks.Select(blank => (blank, ReasonCodes.NoSubject)),
        ];

        await CheckAsync(type, said);
    }

    [Fact]
    public async Task An_email_is_found_by_what_was_said_or_left_out_or_refused()
    {
        string longest = new('l', Limits.IdentifierMax - Domain.Length);
        List<(string Value, string Outcome)> said =
        [
            .. Texts.Select(text => (text + Domain, text.Any(char.IsWhiteSpace) ? LeftOut : Taken)),
            ("  Padded.And.CAPITALS@Mail.Example  ", Taken),
            ("ÄÖÜΣ@Mail.Example", Taken),
            ("user@邮件.example", Taken),
            (longest + Domain, Taken),
            ('l' + longest + Domain, ReasonCodes.LimitExceeded),
            (new string('l', 500 - Domain.Length) + Domain, ReasonCodes.LimitExceeded),
            ("a\0b" + Domain, ReasonCodes.BadText),
            ("\ud83e" + Domain, ReasonCodes.BadText),
            .. Junk.Select(junk => (junk, LeftOut)),
            .. Blanks.Where(blank => blank.Length > 0).Select(blank => (blank, LeftOut)),
            ("null" + Domain, LeftOut),
            ("noreply" + Domain, LeftOut),
            ("nobody", LeftOut),
            (Domain, LeftOut),
            ("nobody@", LeftOut),
            ("two words" + Domain, LeftOut),
        ];

        await CheckAsync("email", said);
    }

    [Fact]
    public async Task A_phone_number_is_found_by_what_was_said_or_left_out_or_refused()
    {
        List<(string Value, string Outcome)> said =
        [
            ("+1 (650) 253-7100", Taken),
            ("＋１６５０２５３７１０１", Taken),
            ("+١٦٥٠٢٥٣٧١٠٢", Taken),
            ("  +16502537103  ", Taken),
            ("tel:+1-650-253-7104", Taken),
            ("\u202a+16502537105\u202c", Taken),
            ("+1 650 253 7106" + new string(' ', 25), Taken),
            ("+1 650 253 7107" + new string(' ', 26), LeftOut),
            ("6502537108", LeftOut),
            ("+10000000000", LeftOut),
            ("+1", LeftOut),
            ("call me", LeftOut),
            ("+" + new string('9', Limits.IdentifierMax - 1), LeftOut),
            ("+" + new string('9', Limits.IdentifierMax), ReasonCodes.LimitExceeded),
            ("+" + new string('9', 499), ReasonCodes.LimitExceeded),
            ("+1650253\u00007109", ReasonCodes.BadText),
            ("+1650253\ud83e7109", ReasonCodes.BadText),
            .. Texts.Select(text => (text, LeftOut)),
            .. Junk.Select(junk => (junk, LeftOut)),
            .. Blanks.Where(blank => blank.Length > 0).Select(blank => (blank, LeftOut)),
        ];

        await CheckAsync("phone", said);
    }

    /// <summary>Sends all in one batch, each between two good records, and looks for each.</summary>
    private async Task CheckAsync(string type, List<(string Value, string Outcome)> said)
    {
        string stream = "said-" + type.ToLowerInvariant();
        bool isWeb = type is "userId" or "anonymousId";
        string shipped = isWeb ? "web" : "salesforce-contact";
        await host.DefineAsync(
            stream,
            ShippedDefinitions
                .All[shipped]
                .Replace(
                    isWeb ? "source: web" : "source: salesforce",
                    "source: " + stream,
                    StringComparison.Ordinal
                )
        );
        string[] records = [.. said.Select((one, i) => Record(type, one.Value, i))];
        string[] good = [.. said.Select((_, i) => Record(type, Good(type, i), 10_000 + i))];

        Answer answer = await host.PostAsync(
            $"/v1/streams/{stream}",
            string.Join('\n', good.Zip(records, (left, right) => left + "\n" + right)),
            mediaType: "application/x-ndjson"
        );

        answer.Status.ShouldBe(202, answer.Text);
        Dictionary<int, JsonNode> refused = answer.Json["quarantined"]!
            .AsArray()
            .ToDictionary(one => (int)one!["index"]!, one => one!);
        IReadOnlyList<JsonNode> kept = await host.QuarantineAsync(stream);
        int taken = said.Count(one => one.Outcome is Taken or LeftOut) + said.Count;
        Counts counts = await host.CountsAsync(stream, received: 2 * said.Count);
        counts[stream, "applied"].ShouldBe(taken);
        counts[stream, "identifiersLeftOut"].ShouldBe(said.Count(one => one.Outcome == LeftOut));
        for (int i = 0; i < said.Count; i++)
        {
            (string value, string outcome) = said[i];
            Note(
                outcome is Taken or LeftOut != refused.ContainsKey((2 * i) + 1),
                value,
                "its fate"
            );
            await ShouldBeFoundAsync(
                type,
                Good(type, i),
                stream,
                IdOf(type, Good(type, i), 10_000 + i)
            );
            if (outcome == Taken)
            {
                await ShouldBeFoundAsync(type, value, stream, IdOf(type, value, i));
            }
            else if (outcome == LeftOut)
            {
                await ShouldBeFoundAsync("contactId", $"{type}-{i}", stream, $"{type}-{i}");
                Note(await FindAsync(type, value) is null, value, "nobody bears it");
            }
            else if (refused.GetValueOrDefault((2 * i) + 1) is { } refusal)
            {
                ShouldBeKept(refusal, kept, records[i], value, outcome);
            }
        }

        wrong.ShouldBeEmpty();
        kept.Count.ShouldBe(2 * said.Count - taken);
        await ShouldBeNobodyElseAsync(stream, taken);
    }

    /// <summary>Nothing is left of what was refused: as many links as records went in.</summary>
    private async Task ShouldBeNobodyElseAsync(string source, int taken)
    {
        long claims = await host.Database.NumberAsync(
            $"select count(*) from cdp.claim where claim like 'link:{source}/%'"
        );
        claims.ShouldBe(taken);
    }

    private async Task ShouldBeFoundAsync(string type, string value, string source, string id)
    {
        JsonNode? profile = await FindAsync(type, value);
        Note(
            profile is not null
                && profile["links"]!
                    .AsArray()
                    .Any(link => (string)link!["source"]! == source && (string)link["id"]! == id),
            value,
            $"{type} finds {id}: {profile?.ToJsonString() ?? "nobody"}"
        );
    }

    /// <summary>The profile of whoever bears it; the context must know the same one.</summary>
    private async Task<JsonNode?> FindAsync(string type, string value)
    {
        string path = $"{type}/{Uri.EscapeDataString(value)}";
        Answer profile = await host.GetAsync("/v1/individuals/" + path);
        Answer context = await host.GetAsync("/v1/context/" + path);
        Note(profile.Status is 200 or 404, value, profile.Text);
        Note(profile.Status == context.Status, value, $"the context: {context.Text}");
        return profile.Status == 200 ? profile.Json : null;
    }

    private void ShouldBeKept(
        JsonNode refusal,
        IReadOnlyList<JsonNode> kept,
        string record,
        string value,
        string code
    )
    {
        Note((string)refusal["code"]! == code, value, refusal.ToJsonString());
        Note(((string?)refusal["message"])?.Length > 0, value, "a reason");
        // What no JSON can hold is kept as the text it came as.
        bool isText = value.Any(char.IsSurrogate) && code == ReasonCodes.BadText;
        JsonNode expected = isText ? JsonValue.Create(record) : JsonNode.Parse(record)!;
        Note(
            kept.Any(one =>
                (string)one["code"]! == code && JsonNode.DeepEquals(one["payload"], expected)
            ),
            value,
            "it is kept"
        );
    }

    private void Note(bool holds, string value, string what)
    {
        if (!holds)
        {
            wrong.Add($"{Json(value)}: {what}");
        }
    }

    private static string Good(string type, int number) =>
        type switch
        {
            "email" => $"good.{number}@mail.example",
            "phone" => $"+4930901{820_000 + number}",
            _ => $"good-{type}-{number}",
        };

    /// <summary>The id of the link that a record speaks of.</summary>
    private static string IdOf(string type, string value, int number) =>
        type is "email" or "phone" ? $"{type}-{number}" : value.Trim();

    private static string Record(string type, string value, int number) =>
        type switch
        {
            "contactId" => $$"""{"Id":{{Json(value)}},"FirstName":"N{{number}}"}""",
            "email" => $$"""{"Id":"email-{{number}}","Email":{{Json(value)}}}""",
            "phone" => $$"""{"Id":"phone-{{number}}","MobilePhone":{{Json(value)}}}""",
            "userId" =>
                $$$"""{"type":"identify","userId":{{{Json(value)}}},"traits":{"title":"T{{{number}}}"}}""",
            _ => $$"""{"type":"track","event":"E{{number}}","anonymousId":{{Json(value)}}}""",
        };

    /// <summary>A text as JSON; no writer would write a lone surrogate.</summary>
    private static string Json(string text) =>
        '"'
        + string.Concat(
            text.Select(c =>
                c is >= ' ' and <= '~' and not ('"' or '\\') ? $"{c}" : $"\\u{(int)c:x4}"
            )
        )
        + '"';

    private static string Repeat(string text, int times) =>
        string.Concat(Enumerable.Repeat(text, times));
}

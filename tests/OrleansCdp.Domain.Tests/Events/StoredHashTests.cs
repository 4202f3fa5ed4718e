using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Events;

/// <summary>Hashes that a database keeps: another value would lose what it has, or count it again.</summary>
public sealed class StoredHashTests
{
    private const long Secret = 0x0123_4567_89AB_CDEF;

    /// <summary>XXH3's own vector for nothing, from xxhash.com.</summary>
    [Fact]
    public void Nothing_hashes_as_published() =>
        Partitions.HashOf("").ShouldBe(0x2D06_8005_38D3_94C2UL);

    [Theory]
    [InlineData("salesforce/Contact/003A", 0xB441_A905_17BA_47F1, 17, 1009)]
    [InlineData("web/anonymous/a1b2", 0x4B90_D360_3C7E_D557, 23, 343)]
    [InlineData("shop/customer/Zoë/17", 0x0742_AF0B_85FC_AAFE, 30, 766)]
    public void A_link_stays_in_its_partition(string text, ulong hash, int of32, int of1024)
    {
        LinkKey.TryParse(text, out LinkKey link).ShouldBeTrue();

        (
            $"{Partitions.HashOf(link):x16}",
            Partitions.Of(link, Partitions.CountDefault),
            Partitions.Of(link, Partitions.CountMax)
        ).ShouldBe(($"{hash:x16}", of32, of1024));
    }

    [Theory]
    [InlineData("web", "m-1", "ccd7ec45af6112c39d2fb16b9ef9a782")]
    [InlineData("shop", "Zoë", "ca2ab34894987a5e38505067900d890f")]
    public void An_event_s_key_stays(string source, string eventId, string key) =>
        $"{Partitions.EventKey(source, eventId, Secret):x32}".ShouldBe(key);

    [Fact]
    public void Where_the_source_ends_and_the_id_begins_is_part_of_the_key()
    {
        Partitions.EventKey("ab", "c", Secret).ShouldNotBe(Partitions.EventKey("a", "bc", Secret));
        Partitions.EventKey("ab", "c", Secret).ShouldNotBe(Partitions.EventKey("ab", "c", 0));
    }

    [Theory]
    [InlineData(
        """{"a":"x","b":[1,true,null,{"c":"é"}]}""",
        null,
        "58ebe02830d5523be34fff535b45ab67"
    )]
    [InlineData(
        """{ "b": [1.0, true, null, {"c":"\u00e9"}], "a": "x" }""",
        null,
        "58ebe02830d5523be34fff535b45ab67"
    )]
    [InlineData(
        """{"a":"x","b":[1,true,null,{"c":"é"}]}""",
        EventKind.Deleted,
        "ca1ca15fd3f006ec3b4eb4204c28f727"
    )]
    public void The_id_of_a_record_without_one_stays(string json, EventKind? kind, string id)
    {
        using JsonDocument record = JsonDocument.Parse(json);

        ContentHash.Of("web", record.RootElement, kind).ShouldBe(id);
    }

    [Fact]
    public void The_id_of_a_row_without_one_stays() =>
        ContentHash
            .Of("web", ["a", "none", "b"], ["x", "", "é"])
            .ShouldBe("29879f16da8c846efa8141458a0af9b3");
}

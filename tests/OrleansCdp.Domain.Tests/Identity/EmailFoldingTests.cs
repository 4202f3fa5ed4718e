using System.Text.Json;
using OrleansCdp.Governance;

namespace OrleansCdp.Identity;

/// <summary>Addresses that reach one mailbox are one in matching, as far as a definition says so.</summary>
public sealed class EmailFoldingTests
{
    [Theory]
    [InlineData("Ada.Lovelace+Shop@GoogleMail.com", "adalovelace@gmail.com")]
    [InlineData("ada..lovelace.@gmail.com", "ada..lovelace@gmail.com")]
    [InlineData("ada.lovelace+shop@outlook.de", "ada.lovelace@outlook.de")]
    [InlineData("ada-king-shop@yahoo.com", "ada-king@yahoo.com")]
    [InlineData("ada+shop@ya.ru", "ada+shop@yandex.ru")]
    [InlineData("Ada.L+Shop@Example.COM", "ada.l+shop@example.com")]
    [InlineData(" \"a@b\"@example.com ", "\"a@b\"@example.com")]
    public void What_a_provider_does_not_look_at_is_folded(string address, string expected) =>
        EmailFolding.Known.Fold(address).ShouldBe(expected);

    [Theory]
    [InlineData("+shop@gmail.com")]
    [InlineData(".@gmail.com")]
    [InlineData("@gmail.com")]
    [InlineData("ada@")]
    [InlineData("ada")]
    [InlineData("")]
    public void An_address_of_which_nothing_is_left_is_none(string address) =>
        EmailFolding.Known.Fold(address).ShouldBeNull();

    [Fact]
    public void Nothing_but_capitals_is_folded_where_nothing_is_said() =>
        EmailFolding.None.Fold("Ada.L+shop@GoogleMail.com").ShouldBe("ada.l+shop@googlemail.com");

    [Fact]
    public void A_provider_is_folded_as_far_as_it_is_said_and_no_further_than_it_is_known()
    {
        EmailFolding dots = new(
            new Dictionary<string, MailboxFolding>
            {
                ["gmail"] = MailboxFolding.Dots,
                ["outlook"] = MailboxFolding.Dots | MailboxFolding.Domain,
            }
        );

        dots.Fold("a.d.a+shop@googlemail.com").ShouldBe("ada+shop@googlemail.com");
        dots.Fold("a.d.a@hotmail.com").ShouldBe("a.d.a@hotmail.com");
        dots.Fold("a-da@yahoo.com").ShouldBe("a-da@yahoo.com");
    }

    [Fact]
    public void An_anchor_compares_the_address_in_small_letters_alone() =>
        Normalisation
            .Of(IdentifierTypes.Email, " Ada.L+shop@GoogleMail.com ")
            .ShouldBe("ada.l+shop@googlemail.com");

    [SkippableFact]
    public void Addresses_are_folded_as_validator_js_does_by_the_same_options()
    {
        int rows = 0;
        foreach (var row in DataSets.Rows(DataSets.Find("vectors/validatorjs_normalizeEmail.csv")))
        {
            (string address, string options, string expected) = (
                row.Values[0],
                row.Values[1],
                row.Values[2]
            );

            string? folded = FoldingOf(options).Fold(address);

            (folded ?? "").ShouldBe(expected, $"{address} {options}");
            rows++;
        }

        rows.ShouldBe(98);
    }

    private static EmailFolding FoldingOf(string options)
    {
        using JsonDocument said = JsonDocument.Parse(options);
        Dictionary<string, MailboxFolding> byProvider = [];
        foreach (MailProvider provider in MailProvider.All)
        {
            string prefix = provider == MailProvider.Outlook ? "outlookdotcom" : provider.Name;
            string domain = provider == MailProvider.Gmail ? "googlemaildotcom" : "yandexru";
            byProvider[provider.Name] =
                Of("lowercase", MailboxFolding.Case)
                | Of("remove_dots", MailboxFolding.Dots)
                | Of("remove_subaddress", MailboxFolding.Subaddress)
                | Of($"convert_{domain}", MailboxFolding.Domain);

            MailboxFolding Of(string option, MailboxFolding folding) =>
                IsOn($"{prefix}_{option}") ? folding : MailboxFolding.None;
        }

        return new EmailFolding(byProvider, IsOn("all_lowercase"));

        bool IsOn(string option) =>
            !said.RootElement.TryGetProperty(option, out JsonElement value) || value.GetBoolean();
    }
}

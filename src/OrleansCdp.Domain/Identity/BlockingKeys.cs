using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;

namespace OrleansCdp.Identity;

/// <summary>
/// The keys under which a record is found. They fail independently: a typo, a move or a marriage spares some of them.
/// A key with an empty part is not made. Stored; the keys of a kind are never changed, kinds are added.
/// </summary>
public sealed class BlockingKeys
{
    /// <summary>Keys of one record; those that find best come first. Most people have 8 to 16.</summary>
    public const int KeysMax = 64;

    // Values of a field that keys are made of: the last stated.
    private const int ValuesMax = 3;
    private const int RareNameWords = 4;
    private const int RareWords = 3;

    private readonly FuzzyRules rules;
    private readonly List<long> keys = [];
    private readonly HashSet<long> known = [];

    private readonly NameForm[] given;
    private readonly NameForm[] family;
    private readonly DateForm[] dates;
    private readonly AddressForm[] addresses;
    private readonly string[] cities;
    private readonly string[] postcodes;

    private BlockingKeys(FuzzyRules rules, MatchValues values)
    {
        this.rules = rules;
        given = [.. FormsOf(values, MatchType.GivenName).Cast<NameForm>()];
        family = [.. FormsOf(values, MatchType.FamilyName).Cast<NameForm>()];
        dates = [.. FormsOf(values, MatchType.Date).Cast<DateForm>()];
        addresses = [.. FormsOf(values, MatchType.Address).Cast<AddressForm>()];
        cities = [.. FormsOf(values, MatchType.City).Select(form => form.Text)];
        postcodes =
        [
            .. FormsOf(values, MatchType.Code)
                .Select(form => form.Text)
                .Concat(addresses.SelectMany(address => address.Postcodes))
                .Distinct(StringComparer.Ordinal)
                .Take(ValuesMax),
        ];
    }

    /// <summary>The keys of a record, each once, ascending.</summary>
    internal static ImmutableArray<long> Of(FuzzyRules rules, MatchValues values)
    {
        BlockingKeys blocking = new(rules, values);
        blocking.AddIdentifiers(values);
        blocking.AddPerson();
        foreach (MatchField field in rules.Fields.Where(IsOfWords))
        {
            foreach (WordsForm form in FormsOf(field, values).Cast<WordsForm>())
            {
                blocking.AddOrganisation(field, form);
            }
        }

        blocking.AddHomes();
        return [.. blocking.keys.Take(KeysMax).Order()];
    }

    private static bool IsOfWords(MatchField field) =>
        field.Type is MatchType.Organisation || (field is { Type: MatchType.Text, Shared: false });

    private void AddIdentifiers(MatchValues values)
    {
        foreach (EmailForm email in FormsOf(values, MatchType.Email).Cast<EmailForm>())
        {
            Add("email", email.Text);
            Add("local", email.Local.ToString());
        }

        foreach (ValueForm phone in FormsOf(values, MatchType.Phone))
        {
            Add("phone", phone.Text[^MatchText.PhoneDigitsMin..]);
        }

        foreach (MatchField field in rules.Fields.Where(f => f.Type == MatchType.Document))
        {
            foreach (ValueForm document in FormsOf(field, values))
            {
                Add("document", field.Name, document.Text);
            }
        }
    }

    private void AddPerson()
    {
        foreach (DateForm date in dates)
        {
            Each(given, name => Add("born+given1", date.Text, name.Text[..1]));
            Each(family, name => Add("born+family1", date.Text, name.Text[..1]));
            Each(cities, city => Add("born+city2", date.Text, Start(city, 2)));
            Each(family, name => Add("family+year", name.Compact, date.Text[..4]));
            Each(given, name => Add("given+year", name.Compact, date.Text[..4]));
            Each(family, name => Add("family+day", name.Compact, date.Text[4..]));
        }

        foreach (NameForm first in given)
        {
            foreach (NameForm last in family)
            {
                string[] sounds = [Soundex.Of(first.Compact), Soundex.Of(last.Compact)];
                Array.Sort(sounds, StringComparer.Ordinal);
                Add("names", sounds);
                string[] starts = [Start(first.Compact, 3), Start(last.Compact, 3)];
                Array.Sort(starts, StringComparer.Ordinal);
                Add("names3", starts);
            }
        }

        foreach (string postcode in postcodes)
        {
            Each(family, name => Add("postcode+family2", postcode, Start(name.Compact, 2)));
            Each(given, name => Add("postcode+given2", postcode, Start(name.Compact, 2)));
        }
    }

    private void AddOrganisation(MatchField field, WordsForm form)
    {
        string[] rare = Rarest(
            [.. form.Words.Where(word => !word.IsGeneric)],
            field.Words,
            RareNameWords
        );
        for (int i = 0; i < rare.Length; i++)
        {
            for (int j = i + 1; j < rare.Length; j++)
            {
                string[] pair = [rare[i], rare[j]];
                Array.Sort(pair, StringComparer.Ordinal);
                Add("words", pair);
            }
        }

        Each(rare.Take(RareWords), word => Add("word", word));
        string sound = Soundex.Of(Folding.Compact(form.Text));
        Each(addresses, address => Each(HousesOf(address), no => Add("house+sound", no, sound)));
    }

    private void AddHomes()
    {
        Frequencies? words = rules
            .Fields.FirstOrDefault(field => field.Type == MatchType.Address)
            ?.Words;
        foreach (AddressForm address in addresses)
        {
            string? street = address.Words.FirstOrDefault(word => !word.IsGeneric)?.Text;
            foreach (string house in HousesOf(address))
            {
                Each(postcodes, postcode => Add("house+postcode", house, postcode));
                Add("house+street4", house, street is null ? "" : Start(street, 4));
            }

            string[] rare = Rarest(address.Words, words, RareWords);
            for (int i = 1; i < rare.Length; i++)
            {
                string[] pair = [rare[0], rare[i]];
                Array.Sort(pair, StringComparer.Ordinal);
                Add("place", pair);
            }
        }
    }

    private static IEnumerable<string> HousesOf(AddressForm address) =>
        address.Numbers.Take(ValuesMax - 1);

    private static string[] Rarest(Word[] words, Frequencies? frequencies, int count) =>
        [
            .. words
                .Where(word => word.Text.Length > 1)
                .OrderByDescending(word => Overlap.WeightOf(word, frequencies))
                .ThenByDescending(word => word.Text.Length)
                .ThenBy(word => word.Text, StringComparer.Ordinal)
                .Take(count)
                .Select(word => word.Text),
        ];

    private static string Start(string text, int length) =>
        text.Length < length ? text : text[..length];

    private static void Each<T>(IEnumerable<T> items, Action<T> add)
    {
        foreach (T item in items)
        {
            add(item);
        }
    }

    private ValueForm[] FormsOf(MatchValues values, MatchType type) =>
        [
            .. rules
                .Fields.Where(field => field.Type == type)
                .SelectMany(field => FormsOf(field, values)),
        ];

    private static IEnumerable<ValueForm> FormsOf(MatchField field, MatchValues values) =>
        values
            .Of(field.Id)
            .Select(value => value.FormOf(field.Type))
            .Where(form => !field.Guarded.Contains(form.Hash))
            .Take(ValuesMax);

    private void Add(string kind, params ReadOnlySpan<string> parts)
    {
        StringBuilder text = new(kind);
        foreach (string part in parts)
        {
            if (part.Length == 0)
            {
                return;
            }

            text.Append('\u001f').Append(part);
        }

        long key = (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString()));
        if (known.Add(key))
        {
            keys.Add(key);
        }
    }
}

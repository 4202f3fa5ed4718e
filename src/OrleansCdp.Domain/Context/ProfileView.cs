using System.Buffers;
using System.Text.Json;
using OrleansCdp.Identity;
using OrleansCdp.Insights;

namespace OrleansCdp.Context;

/// <summary>The whole of an individual or account for people who ask where a value comes from.</summary>
public static class ProfileView
{
    /// <summary>The profile of an individual, as JSON.</summary>
    /// <param name="individual">The individual.</param>
    /// <param name="policy">How traits are reconciled.</param>
    /// <param name="explain">Also the candidates that lost, per trait.</param>
    public static byte[] Individual(
        UnifiedIndividual individual,
        ReconciliationPolicy policy,
        bool explain
    )
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        json.WriteString("id", individual.Id);
        WriteLinks(json, individual.Links);
        json.WriteIdentifiers(individual.Links);
        WriteTraits(json, individual.Links, policy, explain);
        json.WriteInsights(BaseInsights.Of(individual.Links));
        WriteRecords(json, individual.Links);
        json.WriteStartArray("memberships");
        json.WriteEndArray();
        PossibleMatchJson.Write(json, individual);
        json.WriteInstant("asOf", ServiceGraph.AsOf(individual.Links));
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An account with its people and records, as JSON.</summary>
    public static byte[] Account(Account account, ReconciliationPolicy policy)
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        using Utf8JsonWriter json = new(buffer, FieldJson.Compact);
        json.WriteStartObject();
        ServiceGraph.WriteAccountFacts(json, account, policy);
        json.WriteInsights(BaseInsights.Of(account.Links));
        WriteLinks(json, account.Links);
        json.WriteNumber("membersNotListed", account.MembersNotListed);
        json.WriteNumber("factsNotKept", account.FactsNotKept);
        json.WriteStartArray("members");
        foreach (
            string person in account
                .Members.Where(member => member.Belongs && !SubjectIds.IsRecord(member.Individual))
                .Select(member => member.Individual)
                .Distinct(StringComparer.Ordinal)
                .Take(GraphLimits.PeopleMax)
        )
        {
            json.WriteStringValue(person);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteLinks(Utf8JsonWriter json, LinkSet links)
    {
        json.WriteStartArray("links");
        // One that moved before its first event came has nothing to show yet.
        foreach (Link link in links.Links.Where(link => link.HasBegun))
        {
            json.WriteStartObject();
            json.WriteString("source", link.Key.Source);
            json.WriteString("object", link.Key.Object);
            json.WriteString("id", link.Key.Id);
            json.WriteInstant("firstEventAt", link.First.Time);
            json.WriteInstant("lastReceivedAt", link.ReceivedAt);
            json.WriteBoolean("identifiersLeftOut", link.IdentifiersLeftOut);
            json.WriteNumber("appliedSequence", link.AppliedNormal);
            json.WriteNumber("appliedLowSequence", link.AppliedLow);
            if (link.Account is { Account: var account })
            {
                json.WriteString("account", account.ToString());
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTraits(
        Utf8JsonWriter json,
        LinkSet links,
        ReconciliationPolicy policy,
        bool explain
    )
    {
        json.WriteStartObject("traits");
        foreach (UnifiedTrait trait in Reconciliation.Traits(links, policy))
        {
            json.WriteStartObject(trait.Name);
            WriteCandidate(json, trait.Won);
            if (explain)
            {
                json.WriteStartArray("lost");
                foreach (TraitCandidate candidate in trait.Lost)
                {
                    json.WriteStartObject();
                    WriteCandidate(json, candidate);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteCandidate(Utf8JsonWriter json, TraitCandidate candidate)
    {
        json.WritePropertyName("value");
        json.WriteValue(candidate.Register.Value);
        json.WriteString("source", candidate.Link.Source);
        json.WriteString("link", candidate.Link.ToString());
        json.WriteString("eventId", candidate.Register.EventId);
        json.WriteInstant("at", candidate.Register.Stamp.Time);
        json.WriteBoolean("verified", candidate.Verified);
    }

    private static void WriteRecords(Utf8JsonWriter json, LinkSet links)
    {
        json.WriteStartObject("records");
        foreach (
            var set in links
                .Links.SelectMany(link => link.Records)
                .GroupBy(set => set.Object)
                .OrderBy(set => set.Key, StringComparer.Ordinal)
        )
        {
            json.WriteStartObject(set.Key);
            int folded = set.Sum(s => s.Base.Count);
            json.WriteNumber("count", LinkRecords.Of(links, set.Key).Count() + folded);
            json.WriteNumber("folded", folded);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}

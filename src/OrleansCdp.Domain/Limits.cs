namespace OrleansCdp;

/// <summary>Every bound of the product that is not an option. Tested at the limit and one past it.</summary>
/// <remarks>
/// Where a bound of a state refuses an event, the state depends on which events came first: of links of one
/// individual, and of the two lanes of one link, that is chance. What is refused is in quarantine. Every other bound
/// keeps the same whatever the order of arrival.
/// </remarks>
public static class Limits
{
    /// <summary>Bytes of one event as sent (32 KiB, as the Segment tracking API has it).</summary>
    public const int EventBytesMax = 32 * 1024;

    /// <summary>Bytes of one tracking batch, after decompression (500 KiB).</summary>
    public const int BatchBytesMax = 500 * 1024;

    /// <summary>Items of one tracking batch.</summary>
    public const int BatchItemsMax = 2_500;

    /// <summary>Bytes of the body of one data stream request, after decompression (10 MiB).</summary>
    public const int StreamBodyBytesMax = 10 * 1024 * 1024;

    /// <summary>Records of one data stream request; of a body with more nothing is taken.</summary>
    public const int StreamRecordsMax = 100_000;

    /// <summary>Refused records that one answer lists, the first ones; it counts all, and quarantine keeps all.</summary>
    public const int RefusalsListedMax = 10_000;

    /// <summary>
    /// Bytes of a tracking batch's context, times its messages, each of which gets it (10 MiB): so much one request may
    /// put into quarantine beside its own bytes. Of a batch with more nothing is taken.
    /// </summary>
    public const int BatchContextsBytesMax = 10 * 1024 * 1024;

    /// <summary>Columns of one CSV file.</summary>
    public const int ColumnsMax = 2_000;

    /// <summary>Nesting of JSON objects and arrays.</summary>
    public const int JsonDepthMax = 32;

    /// <summary>Characters of an event id.</summary>
    public const int EventIdMax = 200;

    /// <summary>Characters of a link's printed key.</summary>
    public const int LinkKeyMax = 512;

    /// <summary>Characters of a record id.</summary>
    public const int RecordIdMax = 200;

    /// <summary>Characters of a field's name.</summary>
    public const int FieldNameMax = 100;

    /// <summary>Characters of one field's text; longer text is refused, never cut.</summary>
    public const int FieldTextMax = 8 * 1024;

    /// <summary>Fields one event may keep, and one record may have.</summary>
    public const int EventFieldsMax = 200;

    /// <summary>Identifiers one event may carry.</summary>
    public const int EventIdentifiersMax = 20;

    /// <summary>Characters of an identifier's value.</summary>
    public const int IdentifierMax = 254;

    /// <summary>Amount of one order or line, in its currency, either way from 0: sums of them stay exact.</summary>
    public const decimal AmountMax = 1_000_000_000_000_000m;

    /// <summary>Lines of one order.</summary>
    public const int OrderLinesMax = 500;

    /// <summary>How far in the future an event may claim to have happened.</summary>
    public static readonly TimeSpan FutureMax = TimeSpan.FromHours(24);

    /// <summary>Traits of one link; an event that would add more is refused.</summary>
    public const int TraitsMax = 500;

    /// <summary>
    /// Identifiers of one link; beyond it the verified and the lately stated stay, in whatever order they arrive.
    /// </summary>
    public const int IdentifiersMax = 100;

    /// <summary>
    /// Links of one individual or account; an event that would begin another is refused, and links that a sign-in
    /// would bring wait where they are, with their events in quarantine. An individual whose links a merge would bring
    /// stays where it is, takes its events, and is tried again. Links that begin elsewhere while they are counted for
    /// a merge come with it, so one may have a few more then.
    /// </summary>
    public const int LinksMax = 5_000;

    /// <summary>
    /// Links an individual remembers that left it for others; beyond it no link leaves, unless all do.
    /// </summary>
    public const int DepartedMax = 5_000;

    /// <summary>
    /// Contacts that may state one anchor, as an email; stated by more, it no longer says that anybody is the same person.
    /// </summary>
    public const int ContactsPerAnchorMax = 5;

    /// <summary>
    /// Records that say the very same and go with one that is compared for them; of more the next is compared, too, and
    /// takes a place in its keys.
    /// </summary>
    public const int TwinsMax = 1_000;

    /// <summary>
    /// Links that matching gives one individual within a day of UTC before operators are told; it gets them all the same.
    /// </summary>
    public const int LinksPerDayMax = 50;

    /// <summary>
    /// Limits that were met and are listed although nothing else tells of them; beyond it those met longest ago are dropped.
    /// </summary>
    public const int AlarmsMax = 10_000;

    /// <summary>
    /// Individuals that one link may state by their anchors; a link that states more, as one of a shared device, no longer
    /// says that any of them is the same person.
    /// </summary>
    public const int AnchorsPerLinkMax = 20;

    /// <summary>
    /// Individuals merged into one; one more stays where it is with all it has, a warning says why, and it is tried again.
    /// </summary>
    public const int MergedMax = 1_000;

    /// <summary>Links handed over at once; more go one such group after the other.</summary>
    public const int TransferLinksMax = 50;

    /// <summary>
    /// Records of one kind in one link; older closed ones are folded into a base, and a later event of a folded one
    /// is refused.
    /// </summary>
    public const int RecordsMax = 1_000;

    /// <summary>
    /// Folded records of one kind a link remembers by hash, so that a later change to one is noticed; then new
    /// records are refused.
    /// </summary>
    public const int FoldedRecordsMax = 20_000;

    /// <summary>
    /// Status changes kept per record; the oldest are folded into a count, and one that arrives after so many newer
    /// ones is refused.
    /// </summary>
    public const int StatusPointsMax = 64;

    /// <summary>Latest interactions kept per link, and shown per individual.</summary>
    public const int InteractionsMax = 20;

    /// <summary>Fields kept of one interaction, the first of the event.</summary>
    public const int InteractionFieldsMax = 12;

    /// <summary>
    /// Distinct engagement names counted per link and lane; further names of the lane count as <c>(other)</c>.
    /// </summary>
    public const int EngagementNamesMax = 200;

    /// <summary>Versions of insights that are told of the past by one reading of the log; further ones wait for the next.</summary>
    public const int ToldTogetherMax = 256;

    /// <summary>Links that are told of the past at once, each of as many versions.</summary>
    public const int LinksToldMax = 8;

    /// <summary>Seeds of one call to an individual or account: of its links that are told at once, one for each version.</summary>
    public const int SeedsMax = LinksToldMax * ToldTogetherMax;

    /// <summary>Events of one call to an individual or account.</summary>
    public const int ApplyBatchMax = 1_000;

    /// <summary>Events of one call to a partition's log.</summary>
    public const int AppendBatchMax = 2_500;

    /// <summary>Characters of a definition.</summary>
    public const int DefinitionMax = 256 * 1024;
}

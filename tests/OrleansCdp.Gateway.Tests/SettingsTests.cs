using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;

namespace OrleansCdp;

/// <summary>What an operator may set: it is read, and what is wrong is named before anything starts.</summary>
public sealed class SettingsTests
{
    /// <summary>Every number and duration an operator may set.</summary>
    public static TheoryData<string, Type, string> Bounded
    {
        get
        {
            TheoryData<string, Type, string> all = [];
            foreach (
                (string section, Type options) in new[]
                {
                    ("Cdp:Gateway", typeof(GatewayOptions)),
                    ("Cdp:Ingest", typeof(IngestOptions)),
                    ("Cdp:Postgres", typeof(CdpPostgresOptions)),
                }
            )
            {
                foreach (PropertyInfo property in options.GetProperties())
                {
                    if (property.GetCustomAttribute<RangeAttribute>() is not null)
                    {
                        all.Add(section, options, property.Name);
                    }
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Bounded))]
    public void A_setting_has_a_least_and_a_greatest_value_and_is_refused_beyond_them_by_name(
        string section,
        Type options,
        string name
    )
    {
        PropertyInfo property = options.GetProperty(name)!;
        RangeAttribute range = property.GetCustomAttribute<RangeAttribute>()!;
        string key = $"{section}:{name}";
        (string min, string max, string less, string more) =
            property.PropertyType == typeof(TimeSpan)
                ? Around(
                    TimeSpan.Parse($"{range.Minimum}", CultureInfo.InvariantCulture),
                    TimeSpan.Parse($"{range.Maximum}", CultureInfo.InvariantCulture)
                )
                : Around((int)range.Minimum, (int)range.Maximum);

        FaultOf(key, min).ShouldBeNull();
        FaultOf(key, max).ShouldBeNull();
        foreach (string wrong in new[] { less, more, "many", "" })
        {
            FaultOf(key, wrong).ShouldBe($"{key} must be from {min} to {max}, not '{wrong}'.");
        }
    }

    [Fact]
    public void A_name_that_is_none_is_refused_and_the_names_there_are_are_said()
    {
        string fault = FaultOf("Cdp:Ingest:LinkCasheMax", "1000")!;

        fault.ShouldBe(
            "Cdp:Ingest:LinkCasheMax is no setting. "
                + "There are DuplicateRetention, EventIdsMax, WaitingEventsMax, RoundEventsMax, "
                + "LagEventsMax, RetryAfterMax, LinkCacheMax."
        );
        FaultOf("Cdp:Ingest:linkcachemax", "1000").ShouldBeNull();
        FaultOf("Cdp:Ingst:LinkCacheMax", "1000")!
            .ShouldStartWith("Cdp:Ingst is no setting. There are ");
    }

    [Theory]
    [InlineData("Cdp:Gateway:AdminKey", "CDP_ADMIN_KEY")]
    [InlineData("Cdp:Postgres:ConnectionString", "ConnectionStrings:Cdp")]
    public void What_is_set_elsewhere_is_refused_and_where_is_said(string key, string elsewhere) =>
        FaultOf(key, "anything").ShouldBe($"{key} is set with {elsewhere}.");

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        IConfiguration configuration = Of(
            ("Cdp:Gateway:RetryAfterSeconds", "61"),
            ("Cdp:Gateway:JwtAudience", "anybody"),
            ("Cdp:Postgres:RetentionDays", "0")
        );

        var refused = Should.Throw<StartRefusedException>(() => Settings.Demand(configuration));

        refused
            .Message.Split(Environment.NewLine)
            .ShouldBe([
                "Cdp:Gateway:RetryAfterSeconds must be from 1 to 60, not '61'.",
                "Cdp:Postgres:RetentionDays must be from 1 to 90, not '0'.",
            ]);
    }

    [Theory]
    [InlineData("email", true)]
    [InlineData(" contactId , memberId ", true)]
    [InlineData("", false)]
    [InlineData("contactId,,email", false)]
    [InlineData("contactId;email", false)]
    [InlineData("email,email", false)]
    [InlineData("contactId,link", false)] // the word for what is no identifier
    public void Anchors_are_different_names_between_commas(string kinds, bool taken) =>
        FaultOf("Cdp:Identity:Anchors", kinds)
            .ShouldBe(
                taken
                    ? null
                    : "Cdp:Identity:Anchors must be 1 to 20 different types of identifiers between "
                        + $"commas, not '{kinds}'."
            );

    [Fact]
    public void The_twentieth_anchor_is_taken_and_the_twenty_first_refused()
    {
        string most = string.Join(',', Enumerable.Range(1, AnchorKinds.Max).Select(i => $"id{i}"));

        FaultOf("Cdp:Identity:Anchors", most).ShouldBeNull();
        FaultOf("Cdp:Identity:Anchors", most + ",more").ShouldNotBeNull();
    }

    [Fact]
    public async Task Settings_arrive_where_they_are_used()
    {
        await using WebApplication app = Build(
            ("Cdp:Gateway:RetryAfterSeconds", "9"),
            ("Cdp:Ingest:LinkCacheMax", "101"),
            ("Cdp:Ingest:DuplicateRetention", "02:00:00"),
            ("Cdp:Postgres:RetentionDays", "3"),
            ("Cdp:Identity:Anchors", "memberId, email")
        );

        AnchorPolicy anchors = app.Services.GetRequiredService<AnchorPolicy>();
        anchors.Kinds.ShouldBe(["memberId", "email"]);
        app.Services.GetRequiredService<IOptions<GatewayOptions>>()
            .Value.RetryAfterSeconds.ShouldBe(9);
        IngestOptions ingest = app.Services.GetRequiredService<IOptions<IngestOptions>>().Value;
        ingest.LinkCacheMax.ShouldBe(101);
        ingest.DuplicateRetention.ShouldBe(TimeSpan.FromHours(2));
        CdpPostgresOptions postgres = app.Services.GetRequiredService<CdpPostgresOptions>();
        postgres.RetentionDays.ShouldBe(3);
        postgres.StorageConnectionsMax.ShouldBe(12);
        postgres.ConnectionString.ShouldBe("Host=nowhere");
    }

    [Theory]
    [InlineData("Cdp:Gateway:RetryAfterSeconds", "0")]
    [InlineData("Cdp:Ingest:LinkCacheMax", "1")]
    [InlineData("Cdp:Postgres:RetentionDays", "0")]
    [InlineData("Cdp:Identity:Anchors", "a,a")]
    public async Task The_parts_check_their_own_when_they_are_started(string key, string value) =>
        await Should.ThrowAsync<OptionsValidationException>(async () =>
        {
            await using WebApplication app = Build((key, value));
            app.Services.GetRequiredService<IStartupValidator>().Validate();
        });

    private static (string Min, string Max, string Less, string More) Around(int min, int max) =>
        (Text(min), Text(max), Text(min - 1L), Text(max + 1L));

    private static (string Min, string Max, string Less, string More) Around(
        TimeSpan min,
        TimeSpan max
    ) => ($"{min}", $"{max}", $"{min - new TimeSpan(1)}", $"{max + new TimeSpan(1)}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? FaultOf(string key, string value)
    {
        try
        {
            Settings.Demand(Of((key, value)));
            return null;
        }
        catch (StartRefusedException refused)
        {
            return refused.Message;
        }
    }

    private static IConfiguration Of(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))
            )
            .Build();

    private static WebApplication Build(params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Configuration.AddConfiguration(Of(settings));
        return CdpApplication.Build(
            builder,
            new HostArguments { Urls = "http://127.0.0.1:0", DataFolder = "" },
            "Host=nowhere",
            new LogShape(1),
            GatewayHost.AdminKey
        );
    }
}

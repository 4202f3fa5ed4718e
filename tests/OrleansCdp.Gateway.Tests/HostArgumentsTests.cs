using Microsoft.Extensions.Configuration;
using OrleansCdp.Governance;

namespace OrleansCdp;

/// <summary>What the program is told, and what it does not understand of it.</summary>
public sealed class HostArgumentsTests
{
    [Theory]
    [InlineData("--urls", "http://127.0.0.1:0", "--data", "x", "--partitions", "64")]
    [InlineData("--gateway-port=30000", "--Partitions", "8")]
    [InlineData("--Cdp:Gateway:IngestRequestsMax", "100", "--Logging:LogLevel:Default=Debug")]
    [InlineData("--ConnectionStrings:Cdp", "Host=x;Password=--y")]
    public void Every_option_and_setting_is_known(params string[] args) =>
        Should.NotThrow(() => HostArguments.DemandKnown(args));

    [Theory]
    [InlineData("--partitons", "--partitons", "64")]
    [InlineData("--partitons", "--urls", "http://x", "--partitons=64")]
    [InlineData("--Cpd:Gateway:IngestRequestsMax", "--Cpd:Gateway:IngestRequestsMax", "1")]
    [InlineData("64", "--partitions", "64", "64")]
    [InlineData("-data", "-data", "x")]
    [InlineData("--", "--", "x")]
    public void An_option_that_is_none_is_named_and_so_are_those_there_are(
        string named,
        params string[] args
    )
    {
        var refused = Should.Throw<StartRefusedException>(() => HostArguments.DemandKnown(args));

        refused.Message.ShouldStartWith($"Unknown option {named}.");
        refused.Message.ShouldContain("--urls, --data, --partitions, --gateway-port");
    }

    [Theory]
    [InlineData("--partitions")]
    [InlineData("--data", "--partitions", "8")]
    public void An_option_needs_a_value(params string[] args)
    {
        var refused = Should.Throw<StartRefusedException>(() => HostArguments.DemandKnown(args));

        refused.Message.ShouldBe($"{args[0]} needs a value.");
    }

    [Theory]
    [InlineData(15, "at least 16")]
    [InlineData(16, null)]
    [InlineData(IAccessKeysGrain.SecretMax, null)]
    [InlineData(IAccessKeysGrain.SecretMax + 1, "at most 512")]
    public void The_administrators_key_is_of_a_length_that_can_be_shown(int length, string? fault)
    {
        ConfigurationManager configuration = new();
        configuration["CDP_ADMIN_KEY"] = new string('k', length);

        if (fault is null)
        {
            HostArguments.Read(configuration).AdminKey!.Length.ShouldBe(length);
        }
        else
        {
            Should
                .Throw<StartRefusedException>(() => HostArguments.Read(configuration))
                .Message.ShouldContain(fault);
        }
    }
}

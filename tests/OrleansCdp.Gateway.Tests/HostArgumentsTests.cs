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
    [InlineData(null, "All")]
    [InlineData("all", "All")]
    [InlineData("gateway,silo", "All")]
    [InlineData("Silo", "Silo")]
    [InlineData("gateway", "Gateway")]
    public void A_process_is_what_its_roles_say(string? roles, string expected)
    {
        ConfigurationManager configuration = new();
        configuration["ConnectionStrings:Cdp"] = "Host=x";
        configuration["roles"] = roles;

        HostArguments.Read(configuration).Role.ToString().ShouldBe(expected);
    }

    [Theory]
    [InlineData("roles", "solo", "--roles must be all, silo, gateway or database, not 'solo'.")]
    [InlineData("roles", "database", "takes no ConnectionStrings__Cdp")]
    [InlineData("cluster", "", "--cluster must be 1 to 63 letters")]
    [InlineData("cluster", "blue green", "--cluster must be 1 to 63 letters")]
    [InlineData("advertise", "0.0.0.0", "--advertise must be an address of this machine")]
    [InlineData("advertise", "here", "--advertise must be an address of this machine")]
    [InlineData("silo-port", "0", "--silo-port must be from 1 to 65535")]
    [InlineData("silo-port", "65536", "--silo-port must be from 1 to 65535")]
    public void What_makes_no_sense_is_said(string name, string value, string fault)
    {
        ConfigurationManager configuration = new();
        configuration["ConnectionStrings:Cdp"] = "Host=x";
        configuration[name] = value;

        Should
            .Throw<StartRefusedException>(() => HostArguments.Read(configuration))
            .Message.ShouldContain(fault);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    public void Who_shares_a_database_must_be_told_which(string role)
    {
        ConfigurationManager configuration = new();
        configuration["roles"] = role;

        Should
            .Throw<StartRefusedException>(() => HostArguments.Read(configuration))
            .Message.ShouldContain("set ConnectionStrings__Cdp");
    }

    [Fact]
    public void A_cluster_has_a_name_of_63_characters_at_most_and_a_silo_an_address_and_ports()
    {
        ConfigurationManager configuration = new();
        configuration["cluster"] = new string('c', 63);
        configuration["advertise"] = "10.0.0.7";
        configuration["silo-port"] = "65535";

        HostArguments read = HostArguments.Read(configuration);

        read.Cluster.Length.ShouldBe(63);
        read.Advertise.ToString().ShouldBe("10.0.0.7");
        read.SiloPort.ShouldBe(65535);
        configuration["cluster"] = new string('c', 64);
        Should.Throw<StartRefusedException>(() => HostArguments.Read(configuration));
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

namespace OrleansCdp;

/// <summary>Starts that cannot go well.</summary>
public sealed class StartTests(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task A_port_that_is_taken_is_said_before_anything_is_started()
    {
        var (exitCode, output) = await RunningHost.RunAsync([
            "--urls",
            host.Address.ToString(),
            "--data",
            Path.Combine(host.DataFolder, "other"),
        ]);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("Choose another address with --urls.");
        output.ShouldNotContain("Starting PostgreSQL");
    }

    [Fact]
    public async Task A_setting_out_of_its_range_is_named_before_anything_is_started()
    {
        var (exitCode, output) = await RunningHost.RunAsync([
            "--urls",
            "http://127.0.0.1:0",
            "--data",
            Path.Combine(host.DataFolder, "other"),
            "--Cdp:Gateway:IngestRequestsMax",
            "0",
        ]);

        exitCode.ShouldBe(1, output);
        output.ShouldContain(
            "OrleansCdp cannot start: Cdp:Gateway:IngestRequestsMax must be from 1 to 10000, not '0'."
        );
        output.ShouldNotContain("Starting PostgreSQL");
        output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task An_option_that_is_none_is_said_so()
    {
        var (exitCode, output) = await RunningHost.RunAsync(["--partitons", "64"]);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("OrleansCdp cannot start: Unknown option --partitons.");
        output.ShouldNotContain("Starting PostgreSQL");
        output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task An_address_that_is_none_is_said_so()
    {
        var (exitCode, output) = await RunningHost.RunAsync(["--urls", "somewhere"]);

        exitCode.ShouldBe(1, output);
        output.ShouldContain("OrleansCdp cannot start: --urls:");
        output.ShouldNotContain("   at ");
    }
}

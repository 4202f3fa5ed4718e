using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;
using OrleansCdp.Events;

namespace OrleansCdp;

/// <summary>What the database says in one process is understood in another.</summary>
public sealed class WireExceptionsTests
{
    [Fact]
    public void An_outage_of_the_database_is_told_to_other_processes_as_what_it_is()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSerializer()
            .AddCdpWireExceptions()
            .BuildServiceProvider();
        Serializer serializer = services.GetRequiredService<Serializer>();
        Exception cause = new PostgresException(
            "terminating connection",
            "FATAL",
            "FATAL",
            "57P01"
        );
        Exception[] told = [cause, new LogUnavailableException("Send again.", cause)];

        Exception[] heard = serializer.Deserialize<Exception[]>(serializer.SerializeToArray(told))!;

        heard[0]
            .ShouldBeAssignableTo<DbException>()!
            .Message.ShouldContain("terminating connection");
        heard[1].ShouldBeOfType<LogUnavailableException>().Message.ShouldBe("Send again.");
        heard[1].InnerException.ShouldBeAssignableTo<DbException>();
    }
}

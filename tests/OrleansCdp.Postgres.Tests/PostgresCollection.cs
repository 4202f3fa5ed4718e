using System.Runtime.Versioning;

[assembly: UnsupportedOSPlatform("windows")]

namespace OrleansCdp;

/// <summary>All tests share one server and run one after another: some of them restart it.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "postgres";
}

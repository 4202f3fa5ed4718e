namespace OrleansCdp;

/// <summary>Ids of log messages. Never reused: operators' alarms name them.</summary>
/// <remarks>1xx contracts and client, 2xx grains, 3xx PostgreSQL, 4xx gateway, 5xx host.</remarks>
public static class LogEvents
{
#pragma warning disable CS1591 // The message beside each use says what it means.
    public const int DefinitionNotCompiled = 100;
    public const int CataloguePollFailed = 101;
    public const int CountsNotReported = 102;
#pragma warning restore CS1591
}

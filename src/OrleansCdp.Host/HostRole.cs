namespace OrleansCdp;

/// <summary>What of the platform a process is.</summary>
internal enum HostRole
{
    /// <summary>Silo and gateway in one process; without a connection string with a database of its own, too.</summary>
    All = 0,

    /// <summary>Grains and streams. Its HTTP addresses tell how it is, and nothing about anybody.</summary>
    Silo = 1,

    /// <summary>The HTTP API in front of silos that run elsewhere.</summary>
    Gateway = 2,

    /// <summary>The private PostgreSQL alone, for silos and gateways that are processes of their own.</summary>
    Database = 3,
}

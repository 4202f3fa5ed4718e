namespace OrleansCdp;

/// <summary>
/// The stored state of an individual or account is damaged and could not be rebuilt from the log: it is not served, and
/// its events wait in quarantine until a person has restored or deleted it.
/// </summary>
[GenerateSerializer, Alias("cdp.state-corrupt")]
public sealed class StateCorruptException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="id">The individual or account.</param>
    public StateCorruptException(string id)
        : base($"The stored state of {id} is damaged and is not served.") { }
}

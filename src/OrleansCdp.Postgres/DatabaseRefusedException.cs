namespace OrleansCdp;

/// <summary>
/// The database cannot be used as it is. The message is one line for the person who started the program.
/// </summary>
public sealed class DatabaseRefusedException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DatabaseRefusedException(string message, Exception? inner = null)
        : base(message, inner) { }
}

using System.Runtime.InteropServices;

namespace OrleansCdp.Events;

/// <summary>What happens in the workload.</summary>
internal enum WorkloadKind
{
    /// <summary>A contact of the CRM, verified email and account included.</summary>
    Contact = 0,

    /// <summary>An account of the CRM.</summary>
    Account = 1,

    /// <summary>A person signs in on a device.</summary>
    Identify = 2,

    /// <summary>A page view.</summary>
    Page = 3,

    /// <summary>A look at a product.</summary>
    ProductViewed = 4,

    /// <summary>A product laid into the cart.</summary>
    AddToCart = 5,

    /// <summary>An order.</summary>
    OrderCompleted = 6,

    /// <summary>A case is opened.</summary>
    CaseCreated = 7,

    /// <summary>An open case is closed.</summary>
    CaseClosed = 8,

    /// <summary>A message without a subject: to be refused.</summary>
    NoSubject = 9,

    /// <summary>An order whose total is no number: to be refused.</summary>
    BadTotal = 10,
}

/// <summary>One event of the workload, before it is written as a record.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct WorkloadEvent
{
    /// <summary>What happens.</summary>
    public required WorkloadKind Kind { get; init; }

    /// <summary>The event's number; copies of an event share it.</summary>
    public required long Number { get; init; }

    /// <summary>Who, from 0; for <see cref="WorkloadKind.Account"/> the account.</summary>
    public required int Person { get; init; }

    /// <summary>When, by the virtual clock, in whole milliseconds.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The browser, counted per person from 0.</summary>
    public int Device { get; init; }

    /// <summary>Whether the message carries the user's id beside the browser's.</summary>
    public bool SignedIn { get; init; }

    /// <summary>Number of the order, case or product.</summary>
    public long Record { get; init; }

    /// <summary>Total in cents.</summary>
    public int Cents { get; init; }

    /// <summary>ISO 4217.</summary>
    public string Currency =>
        (Record % 3) switch
        {
            0 => "EUR",
            1 => "USD",
            _ => "GBP",
        };
}

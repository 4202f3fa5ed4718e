namespace OrleansCdp.Identity;

/// <summary>
/// Whose an anonymous link is (a browser's, a device's) once people have signed in on it. Every strategy is a function of
/// the set of sign-ins, by the source's clock: the order in which they arrive makes no difference. A link goes as a
/// whole, with its history. One that states an anchor of its own is anonymous no more: no sign-in moves it.
/// </summary>
public enum AnonymousStrategy
{
    /// <summary>The visitor became a customer: the link is whoever's signed in first, and stays that one's.</summary>
    Conversion = 0,

    /// <summary>The link goes with whoever signed in last.</summary>
    Link = 1,

    /// <summary>
    /// The link is whoever's is known best: named by the strongest anchor; of equals, the one who signed in last.
    /// </summary>
    BestMatch = 2,

    /// <summary>What is anonymous stays so: nobody gets the link, and nobody is found by its id.</summary>
    Isolation = 3,
}

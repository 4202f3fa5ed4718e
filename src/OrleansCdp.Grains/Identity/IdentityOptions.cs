using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace OrleansCdp.Identity;

/// <summary>What decides who somebody is.</summary>
public sealed class IdentityOptions
{
    /// <summary>Where these options are in the configuration.</summary>
    public const string Section = "Cdp:Identity";

    /// <summary>
    /// Types of identifiers that decide who a record belongs to where a data stream vouches for them, strongest first,
    /// between commas. Stored at a database's first start; later only further ones may be added at the end.
    /// </summary>
    /// <value>
    /// From 1 to <see cref="AnchorKinds.Max"/> different types. Default: <c>contactId,email,userId</c>.
    /// </value>
    [AnchorKinds]
    public string Anchors { get; init; } = AnchorKinds.Default;

    /// <summary>The anchors as they are used.</summary>
    /// <exception cref="InvalidOperationException">They are not valid.</exception>
    public AnchorPolicy ToPolicy() =>
        AnchorKinds.Read(Anchors)
        ?? throw new InvalidOperationException($"'{Anchors}' are no anchors.");
}

/// <summary>Checks anchors as an operator writes them.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AnchorKindsAttribute : ValidationAttribute
{
    public AnchorKindsAttribute() =>
        ErrorMessage = $"1 to {AnchorKinds.Max} different types of identifiers between commas";

    public override bool IsValid(object? value) =>
        value is string text && AnchorKinds.Read(text) is not null;
}

[OptionsValidator]
internal sealed partial class IdentityOptionsValidator : IValidateOptions<IdentityOptions>;

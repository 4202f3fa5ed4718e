using System.Collections.Immutable;
using OrleansCdp.Events;

namespace OrleansCdp.Governance;

/// <summary>Words for what is wrong with a record. They name fields, never values: values may be personal.</summary>
internal static class Refusals
{
    /// <summary>A field is wrong or missing.</summary>
    public static Admission.Refused OfField(FieldPlan field, string code, string pointer)
    {
        string what = code switch
        {
            ReasonCodes.Required => "is required and has no value",
            ReasonCodes.WrongType => $"is not {NameOf(field.Kind)}",
            ReasonCodes.BadTime => $"is not {NameOf(field.Kind)} {FormatsOf(field)}",
            ReasonCodes.BadText => "holds a character that cannot be stored",
            _ => $"is longer than {Limits.FieldTextMax} characters",
        };
        return new Admission.Refused(code, $"Field `{field.Name}` {what}.", pointer);
    }

    /// <summary>A bound was passed.</summary>
    public static Admission.Refused OfLimit(string what, int max, string? pointer) =>
        new(ReasonCodes.LimitExceeded, $"{what} has at most {max} characters.", pointer);

    /// <summary>There is nobody the record could be about.</summary>
    /// <param name="table">The fields.</param>
    /// <param name="subjects">Who it could have been.</param>
    /// <param name="blocked">The id that named nobody; null when there was none.</param>
    public static Admission.Refused OfNobody(
        FieldTable table,
        ImmutableArray<SubjectPlan> subjects,
        KeyPlan? blocked
    )
    {
        string pointer = table.Fields[(blocked ?? subjects[0].Id).Slots[0]].Pointer;
        string names = NamesOf(table, subjects);
        return blocked is null
            ? new(
                ReasonCodes.NoSubject,
                $"Nobody it could be about: {names} has no value.",
                pointer
            )
            : new(
                ReasonCodes.IdentifierBlocked,
                $"Nobody it could be about: {names} has no value but one that is blocked.",
                pointer
            );
    }

    private static string NamesOf(FieldTable table, ImmutableArray<SubjectPlan> subjects) =>
        string.Join(
            ", ",
            subjects.SelectMany(s => s.Id.Slots).Distinct().Select(s => $"`{table.Fields[s].Name}`")
        );

    private static string NameOf(FieldKind kind) =>
        kind switch
        {
            FieldKind.Text => "text",
            FieldKind.Number => $"a number of at most {Numbers.DigitsMax} digits",
            FieldKind.Integer => "a whole number",
            FieldKind.Boolean => "true or false",
            FieldKind.Timestamp => "a time",
            FieldKind.Date => "a day",
            FieldKind.Lines => "a list of order lines",
            _ => "JSON",
        };

    private static string FormatsOf(FieldPlan field) =>
        field.Formats.IsEmpty
            ? "in ISO 8601"
            : "in the format " + string.Join(" or ", field.Formats.Select(f => $"`{f}`"));
}

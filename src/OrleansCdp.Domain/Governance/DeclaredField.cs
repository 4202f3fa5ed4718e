using System.Runtime.InteropServices;

namespace OrleansCdp.Governance;

/// <summary>A canonical field that a data stream declares: a field of its records or engagements, or a fact about a subject.</summary>
/// <param name="Object">Canonical object of the records.</param>
/// <param name="Name">The field's canonical name.</param>
/// <param name="Type">The type of its values.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DeclaredField(string Object, string Name, FieldType Type);

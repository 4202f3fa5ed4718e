namespace OrleansCdp.Governance;

/// <summary>What a definition may hold: at the limit it compiles, one past it the error names the limit.</summary>
public sealed class DefinitionLimitTests
{
    private const string Note = """
        source: crm
        fields: { id: text, other: text }
        object: Note
        recordId: id
        subject: { object: person, id: id }

        """;

    [Fact]
    public void Characters_of_a_definition() =>
        ShouldEndAt(Limits.DefinitionMax, "262144 characters", n => (Note + "#").PadRight(n, 'x'));

    [Fact]
    public void Nesting_of_a_definition() =>
        ShouldEndAt(
            YamlReader.DepthMax,
            "20 levels",
            // Four levels lead to the first condition, the last one is the innermost name.
            n =>
                Note
                + "suppress: [{ reason: no, when: "
                + string.Concat(Enumerable.Repeat("{ not: ", n - 5))
                + "{ field: id, exists: true }"
                + new string('}', n - 5)
                + "}]"
        );

    [Fact]
    public void Fields_of_a_definition() =>
        ShouldEndAt(
            FieldCompiler.FieldsMax,
            "500 fields",
            n =>
                Note.Replace(
                    "other: text",
                    Join(n - 1, i => $"f{i}: text"),
                    StringComparison.Ordinal
                )
        );

    [Fact]
    public void Levels_of_a_field_s_path() =>
        ShouldEndAt(
            Limits.JsonDepthMax,
            "is no path",
            n =>
                Note.Replace(
                    "other: text",
                    $"other: {{ type: text, path: {string.Join('.', Enumerable.Repeat("a", n))} }}",
                    StringComparison.Ordinal
                )
        );

    [Fact]
    public void Fields_of_an_event_whichever_part_of_it_they_are_in() =>
        ShouldEndAt(
            Limits.EventFieldsMax,
            "200 fields",
            n =>
                Note
                + $"record: {{ {Join(n - 50, i => $"r{i}: {{ constant: 1 }}")} }}\n"
                + $"traits: {{ {Join(50, i => $"t{i}: {{ constant: 1 }}")} }}"
        );

    [Fact]
    public void Identifiers_of_an_event() =>
        ShouldEndAt(
            Limits.EventIdentifiersMax,
            "20 identifiers",
            n => Note + $"identifiers: [{Join(n, i => $"{{ type: t{i}, field: id }}")}]"
        );

    [Fact]
    public void Variants_of_a_stream() =>
        ShouldEndAt(
            StreamCompiler.VariantsMax,
            "1 and 50 variants",
            n => Note + $"variants: [{Join(n, i => $"{{ when: {{ field: id, equals: '{i}' }} }}")}]"
        );

    [Theory]
    [InlineData("all")]
    [InlineData("any")]
    public void Parts_of_a_condition(string form) =>
        ShouldEndAt(
            ConditionCompiler.PartsMax,
            "1 and 100 conditions",
            n =>
                Note
                + $"suppress: [{{ reason: no, when: {{ {form}: ["
                + Join(n, i => $"{{ field: id, equals: '{i}' }}")
                + "] } }]"
        );

    [Theory]
    [InlineData("traits: { ?: id }", "at most 100")]
    [InlineData("identifiers: [{ type: ?, field: id }]", "needs a `type`")]
    [InlineData("account: { object: ?, id: id }", "object's name")]
    [InlineData("suppress: [{ when: { field: id, exists: true }, reason: ? }]", "at most 100")]
    public void Characters_of_a_name(string line, string error) =>
        ShouldEndAt(
            Limits.FieldNameMax,
            error,
            n => Note + line.Replace("?", new string('n', n), StringComparison.Ordinal)
        );

    [Fact]
    public void Characters_of_an_object_s_name() =>
        ShouldEndAt(
            Limits.FieldNameMax,
            "object's name",
            n => Note.Replace("Note", "N".PadRight(n, 'n'), StringComparison.Ordinal)
        );

    [Fact]
    public void Characters_of_a_source_s_name() =>
        ShouldEndAt(
            Limits.FieldNameMax,
            "source's name",
            n => Note.Replace("crm", "c".PadRight(n, 'c'), StringComparison.Ordinal)
        );

    [Fact]
    public void Characters_of_a_stream_s_name()
    {
        string longest = new('n', Limits.FieldNameMax);

        DataStream.Compile(longest, Note).Errors.ShouldBeEmpty();
        DataStream.Compile(longest + "n", Note).Errors.ShouldNotBeEmpty();
    }

    [Fact]
    public void Characters_of_a_constant() =>
        ShouldEndAt(
            Limits.FieldTextMax,
            "8192 characters",
            n => Note + $"traits: {{ said: {{ constant: {new string('x', n)} }} }}"
        );

    [Fact]
    public void Errors_past_the_limit_are_left_out()
    {
        ErrorsOf(DefinitionReader.ErrorsMax).ShouldBe(DefinitionReader.ErrorsMax);
        ErrorsOf(DefinitionReader.ErrorsMax + 1).ShouldBe(DefinitionReader.ErrorsMax);

        static int ErrorsOf(int wrong) =>
            DataStream
                .Compile("notes", Note + $"traits: {{ {Join(wrong, i => $"t{i}: none{i}")} }}")
                .Errors.Length;
    }

    private static void ShouldEndAt(int max, string error, Func<int, string> definition)
    {
        DataStream.Compile("notes", definition(max)).Errors.ShouldBeEmpty();
        DataStream
            .Compile("notes", definition(max + 1))
            .Errors.ShouldContain(wrong => wrong.Message.Contains(error, StringComparison.Ordinal));
    }

    private static string Join(int count, Func<int, string> item) =>
        string.Join(", ", Enumerable.Range(0, count).Select(item));
}

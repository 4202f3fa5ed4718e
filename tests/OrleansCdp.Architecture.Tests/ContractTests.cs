using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace OrleansCdp;

/// <summary>What is on the wire or in a table is for ever.</summary>
public sealed class ContractTests
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.Public
        | BindingFlags.NonPublic;

    [Fact]
    public void A_grain_interface_and_its_methods_have_names_of_their_own()
    {
        Type[] interfaces = [.. Code.GrainInterfaces];
        interfaces.ShouldNotBeEmpty();
        foreach (Type type in interfaces)
        {
            AliasOf(type).ShouldNotBeNull($"{type} has no [Alias]");
            string?[] methods =
            [
                .. type.GetMethods(BindingFlags.Public | BindingFlags.Instance).Select(AliasOf),
            ];
            methods.ShouldNotContain((string?)null, $"a method of {type} has no [Alias]");
            methods.ShouldBeUnique($"{type}");
        }
    }

    [Fact]
    public void Whatever_is_serialised_has_a_name_of_its_own()
    {
        Type[] types = [.. Code.WireTypes];
        types.ShouldNotBeEmpty();
        types.Where(type => AliasOf(type) is null).ShouldBeEmpty();
        types
            .Concat(Code.GrainInterfaces)
            .Select(AliasOf)
            .GroupBy(alias => alias)
            .Where(same => same.Count() > 1)
            .Select(same => same.Key)
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_serialised_member_has_an_id_of_its_own()
    {
        foreach (Type type in Code.WireTypes)
        {
            List<uint> ids = [];
            foreach (FieldInfo field in StateOf(type))
            {
                MemberInfo member = MemberOf(type, field);
                IdAttribute? id = member.GetCustomAttribute<IdAttribute>();
                id.ShouldNotBeNull($"{type}.{member.Name} has no [Id]");
                ids.Add(id.Id);
            }

            ids.ShouldBeUnique($"{type}");
        }
    }

    [Fact]
    public void No_two_grain_classes_share_the_name_of_a_state() =>
        Code
            .Types.SelectMany(type => type.GetConstructors())
            .SelectMany(constructor => constructor.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<PersistentStateAttribute>())
            .OfType<PersistentStateAttribute>()
            .Select(state => state.StateName)
            .ToArray()
            .ShouldSatisfyAllConditions(
                names => names.ShouldNotBeEmpty(),
                names => names.ShouldBeUnique()
            );

    [Fact]
    public void No_grain_has_its_state_from_its_base_class() =>
        Code
            .Types.Where(type =>
                type.BaseType is { IsGenericType: true } parent
                && parent.GetGenericTypeDefinition() == typeof(Grain<>)
            )
            .ShouldBeEmpty();

    [Fact]
    public void A_log_id_means_one_message_and_has_a_name()
    {
        int[] named =
        [
            .. typeof(LogEvents).GetFields().Select(field => (int)field.GetRawConstantValue()!),
        ];
        named.ShouldBeUnique();
        LoggerMessageAttribute[] messages =
        [
            .. Code
                .Types.SelectMany(type => type.GetMethods(Declared))
                .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
                .OfType<LoggerMessageAttribute>(),
        ];
        messages
            .GroupBy(message => message.EventId)
            .Where(same => same.DistinctBy(message => (message.Message, message.Level)).Count() > 1)
            .Select(same => same.Key)
            .ShouldBeEmpty();
        messages.Select(message => message.EventId).Distinct().Order().ShouldBe(named.Order());
    }

    private static string? AliasOf(MemberInfo member) =>
        member.GetCustomAttribute<AliasAttribute>()?.Alias;

    private static IEnumerable<FieldInfo> StateOf(Type type) =>
        type.GetFields(Declared)
            .Where(field =>
                !field.IsStatic && field.GetCustomAttribute<NonSerializedAttribute>() is null
            );

    private static MemberInfo MemberOf(Type type, FieldInfo field) =>
        field.GetCustomAttribute<CompilerGeneratedAttribute>() is null
            ? field
            : (MemberInfo?)
                type.GetProperty(
                    field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)],
                    BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
                )
                ?? field;
}

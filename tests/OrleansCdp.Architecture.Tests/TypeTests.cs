using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;

namespace OrleansCdp;

/// <summary>Seal and freeze; a limit on everything.</summary>
public sealed class TypeTests
{
    [Fact]
    public void Every_class_is_sealed_static_or_abstract() =>
        Code
            .Types.Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false })
            .ShouldBeEmpty();

    [Fact]
    public void Options_are_sealed_bounded_and_checked()
    {
        // The options of a command line are checked as they are parsed.
        Type[] options =
        [
            .. Code.Types.Where(type =>
                type.IsClass
                && type.Assembly != Code.Of("Cli")
                && type.Name.EndsWith("Options", StringComparison.Ordinal)
            ),
        ];
        options.ShouldNotBeEmpty();
        foreach (Type type in options)
        {
            type.IsSealed.ShouldBeTrue($"{type} is not sealed");
            type.GetProperties()
                .Where(property => property.CanWrite && IsQuantity(property.PropertyType))
                .Where(property => property.GetCustomAttribute<RangeAttribute>() is null)
                .Select(property => $"{type.Name}.{property.Name}")
                .ShouldBeEmpty("without a [Range]");
            Type checks = typeof(IValidateOptions<>).MakeGenericType(type);
            type.Assembly.GetTypes()
                .ShouldContain(other => checks.IsAssignableFrom(other), $"nobody checks {type}");
        }
    }

    [Fact]
    public void A_name_says_what_it_is_and_not_that_it_is_something() =>
        Code
            .Types.Where(type =>
                new[] { "Manager", "Helper", "Data", "Info", "Utils", "Service" }.Any(word =>
                    type.Name.EndsWith(word, StringComparison.Ordinal)
                )
            )
            .ShouldBeEmpty();

    private static bool IsQuantity(Type type)
    {
        Type plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(int)
            || plain == typeof(long)
            || plain == typeof(double)
            || plain == typeof(decimal)
            || plain == typeof(TimeSpan);
    }
}

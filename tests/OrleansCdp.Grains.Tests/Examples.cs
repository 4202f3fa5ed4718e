using System.Collections;
using System.Reflection;

namespace OrleansCdp;

/// <summary>Examples that stand for everything a type can hold.</summary>
internal static class Examples
{
    /// <summary>A field that is added later must be in the example, and so in the codec.</summary>
    public static void DemandEveryField(object value, params string[] apart)
    {
        foreach (PropertyInfo property in value.GetType().GetProperties())
        {
            bool stored = property.GetCustomAttribute<IdAttribute>() is not null;
            if (!stored || apart.Contains(property.Name))
            {
                continue;
            }

            object? held = property.GetValue(value);
            string name = $"{value.GetType().Name}.{property.Name}";
            object? nothing = property.PropertyType.IsValueType
                ? Activator.CreateInstance(property.PropertyType)
                : null;
            Equals(held, nothing).ShouldBeFalse(name);
            if (held is IEnumerable many and not string)
            {
                DemandEveryField(many.Cast<object>().First());
            }
            else if (held!.GetType().Assembly == typeof(Link).Assembly)
            {
                DemandEveryField(held);
            }
        }
    }
}

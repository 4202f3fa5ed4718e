using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansCdp;

/// <summary>States as bytes, so that two folds can be compared to the last bit.</summary>
internal static class Bytes
{
    private static readonly Serializer Serializer = new ServiceCollection()
        .AddSerializer(builder => builder.AddAssembly(typeof(LinkKey).Assembly))
        .BuildServiceProvider()
        .GetRequiredService<Serializer>();

    /// <summary>As JSON: the wire format writes a shared string once, which depends on how it was shared.</summary>
    public static string Of<T>(T state) => JsonSerializer.Serialize(state);

    public static T Copy<T>(T state) =>
        Serializer.Deserialize<T>(Serializer.SerializeToArray(state))!;
}

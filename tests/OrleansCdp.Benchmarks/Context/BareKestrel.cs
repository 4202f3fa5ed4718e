using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansCdp.Context;

/// <summary>The limit of context reads: Kestrel without routing, keys or a lookup, answering with the same bytes.</summary>
internal static class BareKestrel
{
    /// <summary>Serves until standard input ends.</summary>
    /// <param name="file">The bytes of an answer.</param>
    public static async Task RunAsync(string file)
    {
        byte[] answer = await File.ReadAllBytesAsync(file);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions()
        );
        builder.WebHost.UseKestrelCore();
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(http =>
        {
            http.Response.ContentType = "application/json; charset=utf-8";
            http.Response.ContentLength = answer.Length;
            return http.Response.Body.WriteAsync(answer).AsTask();
        });
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await Console.In.ReadToEndAsync();
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using OrleansCdp.Governance;
using Scalar.AspNetCore;

namespace OrleansCdp;

/// <summary>The API's OpenAPI document and the page to browse it with. Neither needs anything from elsewhere.</summary>
internal static class ApiDescription
{
    private const string Description = """
        Errors are problem details (RFC 9457) with a stable `code`; for bad input `errors[]` points at what is wrong.
        429 and 503 say in `Retry-After` when to send the same again: what went in counts once. Only what is no HTTP at
        all, such as headers that cannot be read or are too long, is refused without a body.
        """;

    private const string BearerScheme = "bearer";
    private const string BasicScheme = "basic";

    /// <summary>Maps <c>/openapi/v1.json</c> and <c>/docs</c>. A browser asks for the key as user name.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Without the constraint another name is answered with plain text.
        routes.MapOpenApi("/openapi/{documentName:regex(^v1$)}.json").RequireScope(Scopes.Read);
        routes
            .MapScalarApiReference(
                "/docs",
                page =>
                    page.WithTitle("OrleansCdp")
                        .DisableDefaultFonts()
                        .DisableTelemetry()
                        .DisableAgent()
                        .DisableMcp()
            )
            .RequireScope(Scopes.Read);
    }

    /// <summary>Adds to the document what the routes do not say: the name, and how to show a key.</summary>
    public static void Complete(OpenApiOptions options) =>
        options.AddDocumentTransformer(
            (document, _, _) =>
            {
                document.Info.Title = "OrleansCdp";
                document.Info.Version = "1";
                document.Info.Description = Description;
                document.Components ??= new OpenApiComponents();
                document.AddComponent(BearerScheme, SchemeOf(BearerScheme, "A key, or a JWT."));
                document.AddComponent(BasicScheme, SchemeOf(BasicScheme, "A key as user name."));
                document.Security =
                [
                    new() { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] },
                    new() { [new OpenApiSecuritySchemeReference(BasicScheme, document)] = [] },
                ];
                return Task.CompletedTask;
            }
        );

    private static OpenApiSecurityScheme SchemeOf(string scheme, string description) =>
        new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = scheme,
            Description = description,
        };
}

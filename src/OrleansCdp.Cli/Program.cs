using System.CommandLine;
using OrleansCdp;
using OrleansCdp.Events;
using OrleansCdp.Governance;
using OrleansCdp.Identity;
using OrleansCdp.Insights;
using Spectre.Console;

// A bar is only written: that nothing can be typed, as in a background process, does not matter.
AnsiConsole.Profile.Capabilities.Interactive = !Console.IsOutputRedirected;
RootCommand root = new("The command line of OrleansCdp.")
{
    ImportCommand.Create(),
    PlanCommand.Create(),
    ApplyCommand.Create(),
    DemoCommand.Create(),
    VerifyCommand.Create(),
    IdentityCommand.Create(),
    InsightsCommand.Create(),
};
return await root.Parse(args).InvokeAsync();

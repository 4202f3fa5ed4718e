using System.CommandLine;
using OrleansCdp;
using OrleansCdp.Events;
using OrleansCdp.Governance;

RootCommand root = new("The command line of OrleansCdp.")
{
    ImportCommand.Create(),
    ApplyCommand.Create(),
    DemoCommand.Create(),
};
return await root.Parse(args).InvokeAsync();

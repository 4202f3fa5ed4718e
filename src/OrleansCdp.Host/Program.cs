using Microsoft.AspNetCore.Builder;
using OrleansCdp;

return await CdpProgram.RunAsync(args);

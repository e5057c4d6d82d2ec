// The usings that the .NET SDK adds to every file of a project with ImplicitUsings, for code that tests compile.
namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class ImplicitUsings
{
    internal const string Code = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;
}

// The program around the classes, and its project.
using System.Globalization;
using System.Security;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class ProgramCode
{
    internal const string LibtorchVersion = "2.10.0";

    internal static string Program(ScaffoldModel model) =>
        $$"""
        // Predicts, judges or trains. Made by mlnet-vit scaffold; yours to change.
        using System.Globalization;
        using {{model.Namespace}};

        switch (args)
        {
            case ["train", var folder, var modelPath]:
                {{model.Name}}.Train(folder, modelPath);
                return 0;
            case ["evaluate", var folder]:
                {{model.Name}}.Print({{model.Name}}.Evaluate(folder), Console.Out);
                return 0;
            case [_, ..] when args[0] is not ("train" or "evaluate"):
                foreach (string path in args)
                {
                    var scores = {{model.Name}}.PredictAllLabels({{model.Name}}.ModelInput.FromFile(path)).Take(3);
                    Console.WriteLine($"{path}: {string.Join(", ", scores.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} {s.Value:P1}")))}");
                }

                return 0;
            default:
                Console.Error.WriteLine("{{model.Name}} <image> ... | {{model.Name}} evaluate <folder> | {{model.Name}} train <folder> <model.zip>");
                return 2;
        }

        """;

    /// <param name="model">The model.</param>
    /// <param name="version">Of the library's package.</param>
    internal static string PackageProject(ScaffoldModel model, string version) =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk">
        {Properties}

          <ItemGroup>
            <PackageReference Include="Microsoft.ML.VisionTransformer" Version="{version}" />
            <PackageReference Include="libtorch-cpu-linux-x64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('Linux'))" />
            <PackageReference Include="libtorch-cpu-win-x64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('Windows'))" />
            <PackageReference Include="libtorch-cpu-osx-arm64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('OSX'))" />
          </ItemGroup>

        {ModelFile(model)}
        </Project>

        """;

    /// <summary>A project that builds the library from its sources, with the versions and the native backend of their repository.</summary>
    internal static string SourceProject(ScaffoldModel model, string library, string repository) =>
        $"""
        <Project>
          <PropertyGroup>
            <DirectoryPackagesPropsPath>{FilePath(Path.Combine(repository, "Directory.Packages.props"))}</DirectoryPackagesPropsPath>
          </PropertyGroup>
          <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
        {Properties}

          <ItemGroup>
            <ProjectReference Include="{FilePath(library)}" />
          </ItemGroup>

        {ModelFile(model)}

          <Import Project="{FilePath(Path.Combine(repository, "build", "TorchBackend.targets"))}" />
          <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
        </Project>

        """;

    private const string Properties =
        """
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
          </PropertyGroup>
        """;

    private static string ModelFile(ScaffoldModel model) =>
        $"""
          <ItemGroup>
            <None Include="{model.Name}.zip" CopyToOutputDirectory="PreserveNewest" />
          </ItemGroup>
        """;

    /// <summary>A path as a value of a project file: MSBuild's own characters escaped, then XML's.</summary>
    private static string FilePath(string path) => SecurityElement.Escape(string.Concat(path.Select(c =>
        "%$@;*?'".Contains(c, StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"%{(int)c:X2}") : c.ToString())));
}

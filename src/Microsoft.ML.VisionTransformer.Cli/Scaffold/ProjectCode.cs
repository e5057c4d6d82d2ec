// Generates the project file, with the package or with the library's source.
using System.Globalization;
using System.Security;

namespace Microsoft.ML.VisionTransformer.Cli.Scaffold;

internal static class ProjectCode
{
    internal const string LibtorchVersion = "2.10.0";

    /// <param name="model">The model.</param>
    /// <param name="project">The kind of project.</param>
    /// <param name="version">The version of the library's package.</param>
    internal static string WithPackage(ScaffoldModel model, ScaffoldProject project, string version) =>
        $"""
        <Project Sdk="{Sdk(project)}">
        {Properties(project)}

          <ItemGroup>
            <PackageReference Include="Microsoft.ML.VisionTransformer" Version="{version}" />
            <PackageReference Include="libtorch-cpu-linux-x64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('Linux'))" />
            <PackageReference Include="libtorch-cpu-win-x64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('Windows'))" />
            <PackageReference Include="libtorch-cpu-osx-arm64" Version="{LibtorchVersion}" Condition="$([MSBuild]::IsOSPlatform('OSX'))" />
          </ItemGroup>

        {DataFiles(model)}
        </Project>

        """;

    /// <summary>A project that builds the library from source, with the package versions and the native backend of its repository.</summary>
    internal static string WithSource(ScaffoldModel model, ScaffoldProject project, string library, string repository) =>
        $"""
        <Project>
          <PropertyGroup>
            <DirectoryPackagesPropsPath>{FilePath(Path.Combine(repository, "Directory.Packages.props"))}</DirectoryPackagesPropsPath>
          </PropertyGroup>
          <Import Project="Sdk.props" Sdk="{Sdk(project)}" />
        {Properties(project)}

          <ItemGroup>
            <ProjectReference Include="{FilePath(library)}" />
          </ItemGroup>

        {DataFiles(model)}

          <Import Project="{FilePath(Path.Combine(repository, "build", "TorchBackend.targets"))}" />
          <Import Project="Sdk.targets" Sdk="{Sdk(project)}" />
        </Project>

        """;

    private static string Sdk(ScaffoldProject project) => project == ScaffoldProject.WebApi ? "Microsoft.NET.Sdk.Web" : "Microsoft.NET.Sdk";

    private static string Properties(ScaffoldProject project) =>
        $"""
          <PropertyGroup>{(project == ScaffoldProject.WebApi ? "" : "\n    <OutputType>Exe</OutputType>")}
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
          </PropertyGroup>
        """;

    private static string DataFiles(ScaffoldModel model) =>
        $"""
          <ItemGroup>
            <None Update="{model.Name}.zip" CopyToOutputDirectory="PreserveNewest" />{(model.Training.TestImages.Count > 0 ? $"\n    <None Update=\"{model.Name}.test.txt\" CopyToOutputDirectory=\"PreserveNewest\" />" : "")}
          </ItemGroup>
        """;

    /// <summary>A path as a value in a project file: characters special to MSBuild are escaped, then those special to XML.</summary>
    private static string FilePath(string path) => SecurityElement.Escape(string.Concat(path.Select(c =>
        "%$@;*?'".Contains(c, StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"%{(int)c:X2}") : c.ToString())));
}

// One command a build step: `open` makes reference copies of ML.NET assemblies, `relax` lets TorchSharp load on older Linux.
namespace Microsoft.ML.VisionTransformer.BuildTools;

internal static class Program
{
    private const string Usage =
        "usage: open <assembly> <copy>      copy with internal members made public, to compile against\n" +
        "       relax <library> <copy>      copy whose need for GLIBCXX_3.4.32 is weak, where it has that need";

    private static int Main(string[] args)
    {
        if (args.Length != 3)
            return Fail(Usage);
        try
        {
            byte[] image = File.ReadAllBytes(args[1]);
            switch (args[0])
            {
                case "open":
                    OpenedAssembly.Open(image);
                    break;
                case "relax":
                    Relax(args[1], image);
                    break;
                default:
                    return Fail(Usage);
            }

            WriteBeside(args[2], image);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return Fail($"{args[0]} {args[1]}: {e.Message}");
        }
    }

    /// <summary>A library that cannot be relaxed is used as it is, with a warning that MSBuild shows: another version of it may need nothing.</summary>
    private static void Relax(string path, byte[] image)
    {
        try
        {
            ElfVersionNeeds.RelaxTorchSharp(image);
        }
        catch (BadImageFormatException e)
        {
            Console.WriteLine($"{path} : warning VIT0001: {e.Message}. It is used as it is; TorchSharpRelaxLibstdcxx=false turns this step off.");
        }
    }

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }

    /// <summary>Writes next to the target and renames, so that an interrupted build leaves no half-written file and never writes through a link.</summary>
    private static void WriteBeside(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string beside = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(beside, content);
        File.Move(beside, path, overwrite: true);
    }
}

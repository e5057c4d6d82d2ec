// Reading, converting, saving, exporting and scoring on a CPU do not know TorchSharp: only training, gradients, GPUs and bfloat16 do.
using Microsoft.ML.VisionTransformer.Tests.Support;

namespace Microsoft.ML.VisionTransformer.Tests.Conventions;

[TestClass]
public sealed class WithoutTorchSharpTests
{
    /// <summary>Folders that use TorchSharp, with those inside them. The history of a run and the options are among the exceptions below.</summary>
    private static readonly string[] _torchFolders = ["Training", "Network", "Explain"];

    /// <summary>Folders inside them that every program reads, with libtorch or without.</summary>
    private static readonly string[] _exceptFor = ["Training/History", "Training/TrainerOptions"];

    /// <summary>Types elsewhere that use TorchSharp: they load libtorch, translate its devices, compute with its tensors, or ask for its version.</summary>
    private static readonly string[] _torchTypes =
    [
        "Common/TensorMath.cs: TensorMath",
        "Common/TensorMath.cs: TensorMemory",
        "Interop/ComputeDevice.cs: ComputeDevice",
        "Interop/RelaxedTorchSharp.cs: RelaxedTorchSharp",
        "Interop/TorchRuntime.cs: TorchRuntime",
        "Interop/TorchRuntime.cs: TorchState",
        "Training/History/TrainingHistory.cs: SoftwareVersions",
    ];

    /// <summary>Where a caller gets from code without TorchSharp to code with it, by asking for a network, a GPU, bfloat16, attention maps or a trainer.</summary>
    private static readonly string[] _doors =
    [
        "Checkpoints/VisionTransformerCheckpoint.cs: VisionTransformerCheckpoint uses VisionTransformerNetwork",
        "Scoring/Engine/ScoringNetwork.cs: ScoringNetwork uses AttentionMaps",
        "Scoring/Engine/ScoringNetwork.cs: ScoringNetwork uses BlockwiseNetwork",
        "Scoring/Engine/ScoringNetwork.cs: ScoringNetwork uses TorchScorer",
        "Scoring/Engine/ScoringNetwork.cs: ScoringNetwork uses VisionTransformerNetwork",
        "Scoring/Rows/RowScorer.cs: RowScorer uses AttentionMaps",
        "Scoring/VisionTransformerPredictionTransformer.cs: VisionTransformerPredictionTransformer uses AttentionMaps",
    ];

    [TestMethod]
    public void OnlyTheseTypesUseTorchSharp()
    {
        var found = TypeReferences.Library.Value.ToTorchSharp.Where(r => !IsTorchFolder(r.FromFolder)).Select(r => $"{r.FromFile}: {r.FromType}").Distinct();

        AssertList(_torchTypes, found);
    }

    [TestMethod]
    public void OnlyTheseTypesCallCodeThatDoes()
    {
        var withTorch = TypeReferences.Library.Value.ToTorchSharp.Select(r => (r.FromFile, r.FromType)).ToHashSet();
        var found = TypeReferences.Library.Value.References
            .Where(r => !IsTorchFolder(r.FromFolder) && r.FromFolder is not ("" or "Interop") && IsTorchFolder(r.ToFolder) && !IsPlain(r, withTorch))
            .Select(r => $"{r.FromFile}: {r.FromType} uses {r.ToType}")
            .Distinct();

        AssertList(_doors, found);
    }

    /// <summary>Without this, the tests above would hold if the compiler bound nothing.</summary>
    [TestMethod]
    public void TheNetworkAndTheOptimizersUseIt()
    {
        string[] found = [.. TypeReferences.Library.Value.ToTorchSharp.Select(r => r.FromFile).Distinct()];

        CollectionAssert.Contains(found, "Network/Attention.cs");
        CollectionAssert.Contains(found, "Training/Optimizers/FlatOptimizer.cs");
    }

    /// <summary>Records and enumerations of those folders that use no tensors, such as the result of an explanation.</summary>
    private static bool IsPlain(TypeReference reference, HashSet<(string File, string Type)> withTorch) => !withTorch.Contains((reference.ToFile, reference.ToType));

    private static bool IsTorchFolder(string folder) => !_exceptFor.Contains(folder) && _torchFolders.Contains(folder.Split('/')[0]);

    private static void AssertList(string[] expected, IEnumerable<string> found) =>
        Assert.AreEqual(string.Join('\n', expected), string.Join('\n', found.Order(StringComparer.Ordinal)));
}

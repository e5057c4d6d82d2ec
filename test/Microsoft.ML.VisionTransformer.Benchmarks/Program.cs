// The command line of the benchmarks; each compares two sides, measured alternately in one run, on an otherwise idle machine.
using System.Globalization;
using Microsoft.ML.VisionTransformer.Benchmarks;

string[] networks = ["vit_tiny_patch16_224", "vit_small_patch16_224", "vit_base_patch16_224"];

switch (args)
{
    case []:
        return Pipelines.Run(photos: null);
    case ["--photos", var folder]:
        return Pipelines.Run(folder);
    case [Contestant.Command, var side, .. var arguments]:
        return Contestant.Serve(side, arguments);
    case ["forward"]:
        ForwardContest.Run(networks, [1, 8, 32], Pair.Rounds);
        return 0;
    case ["int8"]:
        ForwardContest.RunInt8(networks, [1, 8, 32], Pair.Rounds);
        return 0;
    case ["int8", var architecture, .. var batches]:
        ForwardContest.RunInt8([architecture], [.. batches.Select(b => int.Parse(b, CultureInfo.InvariantCulture))], Pair.Rounds);
        return 0;
    case ["pipeline", var folder, .. var chosen]:
        WholeContest.Pipelines(folder, chosen.Length == 0 ? networks : chosen, Pair.Rounds);
        return 0;
    case ["engine", var folder, .. var chosen]:
        WholeContest.Engines(folder, chosen.Length == 0 ? networks : chosen, Pair.Rounds);
        return 0;
    case ["forward", var architecture, .. var batches]:
        ForwardContest.Run([architecture], [.. batches.Select(b => int.Parse(b, CultureInfo.InvariantCulture))], Pair.Rounds);
        return 0;
    case [AllContests.Command, .. var photos] when photos.Length < 2:
        AllContests.Run(networks, photos.FirstOrDefault());
        return 0;
    case [PartBenchmarks.Command]:
        PartBenchmarks.Run();
        return 0;
    case [ScoringOptions.Command, var weights, var photos]:
        ScoringOptions.Run(weights, photos);
        return 0;
    case ["load"]:
        Loading.Run();
        return 0;
    case [Loading.PeakCommand, var path]:
        Loading.Peak(path);
        return 0;
    case [DecodeMemory.Command, .. var imageFiles]:
        DecodeMemory.Run(imageFiles);
        return 0;
    case [DecodeMemory.OneCommand, var imageFile, var mode]:
        DecodeMemory.One(imageFile, mode);
        return 0;
    case ["wait", var folder]:
        ImageWait.Run(folder);
        return 0;
    case ["memory", var limit, var data]:
        FlatMemory.Run(int.Parse(limit, CultureInfo.InvariantCulture), int.Parse(data, CultureInfo.InvariantCulture));
        return 0;
    case ["images", var imageFolder]:
        ImageSpeed.Run(imageFolder);
        return 0;
    case ["scaled", var imageFolder, var weights, .. var noise]:
        new ScaledDecodingEffect(imageFolder, weights, noise.Length == 0 ? 0 : double.Parse(noise[0], CultureInfo.InvariantCulture)).Measure();
        return 0;
    case ["onnx", var weights, var imageFolder]:
        using (var files = new OnnxFiles(weights, imageFolder))
            files.Measure();
        return 0;
    case [RunIdentityCost.Command, var imageFolder]:
        RunIdentityCost.Run(imageFolder);
        return 0;
    case [StepCost.Command]:
        StepCost.Run();
        return 0;
    case [DistributedSteps.Command]:
        DistributedSteps.Run(Pair.Rounds);
        return 0;
    case [DistributedSteps.Command, var side]:
        DistributedSteps.Run(side);
        return 0;
    case [StepCost.Command, var side]:
        StepCost.Run(side);
        return 0;
    case ["probe", var probed, var backbone]:
        ProbeCost.Run(probed, backbone);
        return 0;
    case [LearningCurveCost.Command]:
        LearningCurveCost.Run();
        return 0;
    case [LearningCurveCost.Command, var classified, var encoder]:
        LearningCurveCost.Run(classified, encoder);
        return 0;
    case [KillAndResume.Command, "train", var workspace, var trained]:
        KillAndResume.Train(workspace, trained);
        return 0;
    case [KillAndResume.Command, var rounds]:
        return KillAndResume.Run(int.Parse(rounds, CultureInfo.InvariantCulture));
    case ["transfer", var folder, var strategy, var weights, .. var settings]:
        new Transfer(folder, strategy, weights == "none" ? null : weights, settings).Run();
        return 0;
    case ["deletion", var photos, var backbone, .. var images]:
        new Deletion(photos, backbone, images.FirstOrDefault()).Run();
        return 0;
    case ["overlays", var zip, var sheet, .. var shown]:
        OverlaySheet.Draw(zip, sheet, shown);
        return 0;
    case [ManyRows.Command, var rows]:
        return ManyRows.Run(long.Parse(rows, CultureInfo.InvariantCulture));
    case [Soak.Command, var minutes, .. var only] when only.Length < 2:
        return Soak.Run(double.Parse(minutes, CultureInfo.InvariantCulture), only.FirstOrDefault());
    case [HalfWeights.Command, var weights, var photos]:
        HalfWeights.Run(weights, photos);
        return 0;
    case [ModelZip.Command]:
        ModelZip.Run();
        return 0;
    default:
        Console.Error.WriteLine("""
            usage: Benchmarks [--photos <folder of class folders>]                   training and scoring vs. bare TorchSharp
                   Benchmarks all [<folder of class folders>]                        forward, pipeline, engine, step and zip, as in docs/performance.md
                   Benchmarks forward [<architecture> <batch size> ...]              a forward pass vs. ONNX Runtime, libtorch and its matrix products only
                   Benchmarks pipeline <folder of class folders> [<architecture> ...]JPEG files to scores vs. SkiaSharp with ONNX Runtime, and each half alone
                   Benchmarks engine <folder of JPEGs> [<architecture> ...]          one prediction at a time vs. a bare forward pass and a plain loop
                   Benchmarks load                                                   loading a checkpoint vs. reading its bytes
                   Benchmarks decode [<image> ...]                                   peak memory of scoring one large image
                   Benchmarks wait <folder of class folders>                         fraction of training time spent waiting for images
                   Benchmarks memory <limit in MiB> <images in MiB>                  peak memory of training on more images than the limit
                   Benchmarks images <folder of JPEGs>                               decoding and resizing vs. SkiaSharp
                   Benchmarks onnx <weights> <folder of class folders>               ONNX files vs. the library
                   Benchmarks scaled <folder of class folders> <weights> [<noise>]   effect of scaled decoding
                   Benchmarks identity <folder of JPEGs>                             comparing the images of a run vs. preparing them once
                   Benchmarks step                                                   a training step vs. a bare TorchSharp loop, time and memory
                   Benchmarks distributed                                            two processes under mpirun vs. two threads of one
                   Benchmarks kill <times>                                           training runs that are killed and resumed vs. an undisturbed one
                   Benchmarks probe <folder of class folders> <weights>              a linear probe vs. one pass of its backbone
                   Benchmarks curve [<folder of class folders> <weights>]            a learning curve vs. the probe itself
                   Benchmarks transfer <folder with split.json> <strategy> <weights, or none> [seeds=3] [<option>=<value> ...]
                                                                                     test accuracy of default options over several seeds
                   Benchmarks deletion <folder with split.json> <weights> [<folder for overlays>]
                                                                                     predictions after blanking patches in the order of attention maps
                   Benchmarks overlays <model.zip> <sheet.png> <image> ...           images and their attention maps, as shown in the documentation
                   Benchmarks parts                                                  the parts of a pass with BenchmarkDotNet, in nanoseconds
                   Benchmarks options <weights> <folder of class folders>            speed and accuracy of token merging and bfloat16
                   Benchmarks rows <n>                                               memory while n rows are scored; the target is a million
                   Benchmarks soak <minutes> [load | rows | engines | save | onnx | mlnet]
                                                                                     memory, tensors and handles after mixed scoring, loading, saving and disposing
                   Benchmarks storage <weights> <folder of class folders>            effect of 16-bit weights in a model file
                   Benchmarks zip                                                    saving and loading a model .zip vs. copying its bytes
            """);
        return 2;
}

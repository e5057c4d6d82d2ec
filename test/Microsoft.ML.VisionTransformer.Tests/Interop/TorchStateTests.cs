// Each public entry point gives the same result for any libtorch state of the caller, and restores that state.
using Microsoft.ML.Data;
using Microsoft.ML.VisionTransformer.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Tests.Interop;

[TestClass]
public sealed class TorchStateTests
{
    private const string Threads = "threads";

    private static readonly TemporaryFolder _folder = new();
    private static readonly MLContext _context = new(seed: 1);
    private static readonly Dictionary<string, float[]> _ordinary = [];
    private static IDataView _data = null!;
    private static TransformerChain<VisionTransformerPredictionTransformer> _chain = null!;
    private static VisionTransformerPredictionTransformer _libtorch = null!;

    private static VisionTransformerPredictionTransformer Model => _chain.LastTransformer;

    private static string Checkpoint => _folder.File("checkpoint");

    private static byte[] Photo => ColoredSamples.Make(1)[0].Image;

    /// <summary>The states that a caller may set, each until the result is disposed.</summary>
    private static readonly Dictionary<string, Func<IDisposable>> _states = new()
    {
        ["no_grad"] = () => no_grad(),
        ["inference_mode"] = () => inference_mode(),
        ["inference_mode in no_grad"] = () => new Both(no_grad(), inference_mode()),
        ["default type float64"] = () => DefaultType(ScalarType.Float64),
        ["default type float16"] = () => DefaultType(ScalarType.Float16),
        ["default device meta"] = () =>
        {
            set_default_device(META);
            return new Undo(() => set_default_device(CPU));
        },
        ["dispose scope"] = () => NewDisposeScope(),
        [Threads] = () =>
        {
            int before = get_num_threads();
            set_num_threads(1);
            return new Undo(() => set_num_threads(before));
        },
        ["random seed"] = () =>
        {
            manual_seed(5);
            return new Undo(() => { });
        },
    };

    /// <summary>Each entry point: what runs in the caller's state gives what reads the result in the ordinary one.</summary>
    private static readonly Dictionary<string, Func<Func<float[]>>> _entryPoints = new()
    {
        ["Fit, from scratch"] = () => Fit(o => (o.DropPathRate, o.EmaDecay, o.ValidationSetFraction, o.Calibrate, o.ClipGradientNorm) = (0.2f, 0.9f, 0.25f, true, 1)),
        ["Fit, bfloat16, in several batches"] = () => Fit(o => (o.Precision, o.GradientAccumulation, o.Optimizer) = (TrainingPrecision.BFloat16, 2, TrainingOptimizer.Sgd)),
        ["Fit, with a workspace"] = () => Fit(o => (o.WorkspacePath, o.CheckpointInterval) = (_folder.File(Guid.NewGuid().ToString("N")), TimeSpan.Zero)),
        ["Fit, fine-tuning"] = () => Fit(o => (o.Strategy, o.PretrainedModel, o.Arch) = (TrainingStrategy.FineTune, Checkpoint, null)),
        ["Fit, linear probe"] = () => Fit(o => (o.Strategy, o.PretrainedModel, o.Arch, o.RandomCropMinimumArea) = (TrainingStrategy.LinearProbe, Checkpoint, null, null)),
        ["Fit, features"] = () =>
        {
            var features = _context.Transforms.VisionTransformerFeatures("Features", "Image", new() { PretrainedModel = Checkpoint, Device = "cpu" }).Fit(_data);
            return () => Disposed(features, f => Column(f.Transform(_data), "Features"));
        },
        ["Transform"] = () => Now(Column(_chain.Transform(_data), "Score")),
        ["Transform, libtorch"] = () => Now(Column(_libtorch.Transform(_data), "Score")),
        ["Transform, features"] = () =>
        {
            using var features = _context.Transforms.VisionTransformerFeatures("Features", "Image", new() { PretrainedModel = Checkpoint, Device = "cpu", Normalize = true }).Fit(_data);
            return Now(Column(features.Transform(_data), "Features"));
        },
        ["PredictionEngine"] = () =>
        {
            using var engine = _context.Model.CreatePredictionEngine<ColoredSample, Prediction>(_chain, new PredictionEngineOptions { OwnsTransformer = false });
            return Now(engine.Predict(new ColoredSample { Image = Photo, Label = "red" }).Score);
        },
        ["Explain, gradients"] = () => Now(Explained(Model, ExplanationMethod.GradientAttention)),
        ["Explain, rollout"] = () => Now(Explained(Model, ExplanationMethod.Rollout)),
        ["Explain, libtorch"] = () => Now(Explained(_libtorch, ExplanationMethod.GradientAttention)),
        ["Explain, a column"] = () => Now(Column(_context.Transforms.VisionTransformerExplanation("Map", "Image", Model).Fit(_data).Transform(_data), "Map")),
        ["SaveAsOnnx"] = () => Written("model.onnx", path => Model.SaveAsOnnx(path)),
        ["SaveAsSafetensors"] = () => Written("weights", Model.SaveAsSafetensors, Path.Combine("weights", "model.safetensors")),
        ["Model.Save, float32"] = () => Saved(WeightStorage.Float32),
        ["Model.Save, float16"] = () => Saved(WeightStorage.Float16),
        ["Model.Load"] = () =>
        {
            var loaded = _context.Model.Load(_folder.File("model.zip"), out _);
            return () => Disposed((IDisposable)loaded, _ => Column(loaded.Transform(_data), "Score"));
        },
        ["LoadVisionTransformer"] = () =>
        {
            var loaded = _context.Model.LoadVisionTransformer(Checkpoint, options: new() { Device = "cpu" });
            return () => Disposed(loaded, l => Column(l.Transform(_data), "Score"));
        },
        ["CreateNetwork"] = () =>
        {
            using var checkpoint = VisionTransformerCheckpoint.Load(Checkpoint);
            var network = checkpoint.CreateNetwork();
            return () => Disposed(network, Trained);
        },
        ["a network's construction"] = () =>
        {
            var network = new VisionTransformerNetwork(Rotary, seed: 3);
            return () => Disposed(network, Trained);
        },
        ["a network's forward"] = () =>
        {
            using var network = new VisionTransformerNetwork(Rotary, seed: 3);
            network.eval();
            using var images = Images();
            using var logits = network.forward(images);
            using var tokens = network.ForwardFeatures(images);
            using var head = network.ForwardHead(tokens);
            return Now([.. StateValues.Of(logits), .. StateValues.Of(head)]);
        },
    };

    public static IEnumerable<object[]> Table =>
        from entry in _entryPoints.Keys
        from state in _states.Keys
        select new object[] { entry, state };

    /// <summary>A network scored by libtorch.</summary>
    private static VisionTransformerArchitecture Rotary => TinyTraining.Architecture with { PositionEmbedding = PositionEmbedding.None, Rotary = new RotaryEmbedding(), Classes = 3 };

    [ClassInitialize]
    public static void TrainOnce(TestContext _)
    {
        _data = _context.Data.LoadFromEnumerable(ColoredSamples.Make(4));
        _chain = TinyTraining.Train(_context, _data, Options());
        _chain.LastTransformer.SaveAsSafetensors(Checkpoint);
        _context.Model.Save(_chain, _data.Schema, _folder.File("model.zip"));
        var options = Options();
        options.Arch = Rotary;
        _libtorch = TinyTraining.Train(_context, _data, options).LastTransformer;
        foreach (var (name, run) in _entryPoints)
            _ordinary[name] = run()();
    }

    [ClassCleanup]
    public static void Free()
    {
        _chain.Dispose();
        _libtorch.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Table))]
    public void ResultAndState_AreTheSame(string entryPoint, string state)
    {
        Func<float[]> result;
        using (var set = _states[state]())
        {
            var before = State.Now(set);
            result = _entryPoints[entryPoint]();
            Assert.AreEqual(before, State.Now(set), "the caller's state before and after");
        }

        float[] values = result();
        float[] expected = _ordinary[entryPoint];
        Assert.HasCount(expected.Length, values);
        // One thread sums in another order than two, and training accumulates the difference.
        double tolerance = state == Threads ? 1e-3 : 0;
        for (int i = 0; i < values.Length; i++)
            Assert.AreEqual(expected[i], values[i], tolerance, $"value {i}");
    }

    [TestMethod]
    [DataRow("no_grad")]
    [DataRow("inference_mode")]
    [DataRow("dispose scope")]
    [DataRow("default type float64")]
    public void State_AfterAFailure_IsTheCallers(string state)
    {
        using var set = _states[state]();
        var before = State.Now(set);
        var options = Options();
        options.MetricsCallback = _ => throw new NotSupportedException("the user's own");

        Assert.ThrowsExactly<NotSupportedException>(() => TinyTraining.Train(_context, _data, options));
        Assert.ThrowsExactly<InvalidImageException>(() => Model.Explain([1, 2, 3]));
        Assert.ThrowsExactly<ArgumentException>(() => new VisionTransformerNetwork(Rotary with { Heads = 5 }));

        Assert.AreEqual(before, State.Now(set));
    }

    [TestMethod]
    public void ACallbackRunsInTheOrdinaryState()
    {
        var modes = new HashSet<(bool Gradients, bool Inference)>();
        var options = Options();
        (options.Strategy, options.PretrainedModel, options.Arch, options.RandomCropMinimumArea) = (TrainingStrategy.LinearProbe, Checkpoint, null, null);
        options.MetricsCallback = _ => modes.Add((is_grad_enabled(), is_inference_mode_enabled()));

        using var model = TinyTraining.Train(_context, _data, options);

        Assert.AreEqual((true, false), modes.Single());
    }

    private static VisionTransformerTrainer.Options Options()
    {
        var options = TinyTraining.Options();
        (options.Device, options.ValidationSetFraction) = ("cpu", null);
        return options;
    }

    private static Func<float[]> Fit(Action<VisionTransformerTrainer.Options> change)
    {
        var options = Options();
        change(options);
        // Not the shared context: the seed of a training is the next of its random numbers.
        var model = TinyTraining.Train(new MLContext(seed: 2), _data, options);
        return () => Disposed(model, m => Column(m.Transform(_data), "Score"));
    }

    private static Func<float[]> Now(float[] values) => () => values;

    private static float[] Disposed<T>(T made, Func<T, float[]> read)
        where T : IDisposable
    {
        using (made)
            return read(made);
    }

    private static float[] Column(IDataView data, string name) => [.. data.GetColumn<float[]>(name).SelectMany(row => row)];

    private static float[] Explained(VisionTransformerPredictionTransformer model, ExplanationMethod method)
    {
        var found = model.Explain(Photo, new ExplanationOptions { Method = method });
        return [.. found.Map.ToArray(), found.Probability, found.ClassIndex];
    }

    private static Func<float[]> Saved(WeightStorage storage)
    {
        string path = _folder.File("saved.zip");
        Model.WeightStorage = storage;
        _context.Model.Save(_chain, _data.Schema, path);
        Model.WeightStorage = WeightStorage.Float32;
        return () => Disposed((IDisposable)_context.Model.Load(path, out _), m => Column(((ITransformer)m).Transform(_data), "Score"));
    }

    private static Func<float[]> Written(string name, Action<string> write, string? read = null)
    {
        write(_folder.File(name));
        return Now([.. File.ReadAllBytes(_folder.File(read ?? name)).Select(b => (float)b)]);
    }

    private static Tensor Images()
    {
        using var values = linspace(-1, 1, 2 * 3 * 16 * 16, dtype: ScalarType.Float32, device: CPU);
        return values.reshape(2, 3, 16, 16);
    }

    /// <summary>Logits and the gradients of the first weights: a network made in inference mode has none.</summary>
    private static float[] Trained(VisionTransformerNetwork network)
    {
        using var scope = NewDisposeScope();
        network.eval();
        var logits = network.forward(Images());
        logits.sum().backward();
        return [.. StateValues.Of(logits), .. StateValues.Of(network.named_parameters().First().parameter.grad!)];
    }

    private static Undo DefaultType(ScalarType type)
    {
        set_default_dtype(type);
        return new Undo(() => set_default_dtype(ScalarType.Float32));
    }

    /// <summary>The libtorch state that a caller can observe.</summary>
    private sealed record State(bool Gradients, bool Inference, ScalarType Type, DeviceType Device, int Threads, string Random, int InScope)
    {
        internal static State Now(IDisposable set)
        {
            using var random = torch.random.get_rng_state();
            return new State(
                is_grad_enabled(),
                is_inference_mode_enabled(),
                get_default_dtype(),
                get_default_device().type,
                get_num_threads(),
                Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(random.bytes)),
                (set as DisposeScope)?.DisposablesCount - 1 ?? 0);    // but for the random state above
        }
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }

    private sealed class Both(IDisposable outer, IDisposable inner) : IDisposable
    {
        public void Dispose()
        {
            inner.Dispose();
            outer.Dispose();
        }
    }
}

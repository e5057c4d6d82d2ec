// Creates the prediction engines of the pool. All use the same weights, and none owns them.
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace WebService;

internal sealed class EnginePolicy(ServedModel model, ServiceSettings settings) : PooledObjectPolicy<PredictionEngine<Photo, Scores>>
{
    /// <summary>An engine adds a few buffers to the model. It is not thread-safe, so each request takes one from the pool.</summary>
    public override PredictionEngine<Photo, Scores> Create()
    {
        var input = SchemaDefinition.Create(typeof(Photo));
        input[nameof(Photo.Image)].ColumnName = settings.ImageColumn;

        // OwnsTransformer is true by default: disposing one engine would free the weights that all use.
        return model.Context.Model.CreatePredictionEngine<Photo, Scores>(
            model.Transformer, new PredictionEngineOptions { InputSchemaDefinition = input, OwnsTransformer = false });
    }

    public override bool Return(PredictionEngine<Photo, Scores> engine) => true;
}

/// <summary>The input of an engine.</summary>
internal sealed class Photo
{
    public byte[] Image { get; set; } = [];
}

/// <summary>The output of an engine.</summary>
internal sealed class Scores
{
    public float[] Score { get; set; } = [];
}

// Makes the prediction engines of the pool: all over the same weights, none of them their owner.
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace WebService;

internal sealed class EnginePolicy(ServedModel model, ServiceSettings settings) : PooledObjectPolicy<PredictionEngine<Photo, Scores>>
{
    /// <summary>An engine is a few buffers beside the model; it is not thread-safe, hence the pool.</summary>
    public override PredictionEngine<Photo, Scores> Create()
    {
        var input = SchemaDefinition.Create(typeof(Photo));
        input[nameof(Photo.Image)].ColumnName = settings.ImageColumn;

        // OwnsTransformer is true by default: disposing one engine would free the weights of all.
        return model.Context.Model.CreatePredictionEngine<Photo, Scores>(
            model.Transformer, new PredictionEngineOptions { InputSchemaDefinition = input, OwnsTransformer = false });
    }

    public override bool Return(PredictionEngine<Photo, Scores> engine) => true;
}

/// <summary>What an engine takes.</summary>
internal sealed class Photo
{
    public byte[] Image { get; set; } = [];
}

/// <summary>What an engine gives.</summary>
internal sealed class Scores
{
    public float[] Score { get; set; } = [];
}

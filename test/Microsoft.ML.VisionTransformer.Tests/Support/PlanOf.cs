// The training plan of options without a pretrained model.
using Microsoft.ML.VisionTransformer.Training.Plan;
using Microsoft.ML.VisionTransformer.Training.TrainerOptions;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

internal static class PlanOf
{
    internal static TrainingPlan ToPlan(this VisionTransformerTrainer.Options options, int seed, TrainingDataSummary? data = null) => new TrainingPlanBuilder(options).Build(seed, data: data);
}

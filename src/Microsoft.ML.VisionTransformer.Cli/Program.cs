// The command mlnet-vit: train, evaluate, predict, explain and export without code.
using Microsoft.ML.VisionTransformer.Cli.Shell;

return ProcessRun.Run(args);

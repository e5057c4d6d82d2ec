// The figures behind the bar.
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Microsoft.ML.VisionTransformer.Cli.Progress;

internal sealed class FiguresColumn : ProgressColumn
{
    protected override bool NoWrap => true;

    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(task.Tag as string ?? "");
}

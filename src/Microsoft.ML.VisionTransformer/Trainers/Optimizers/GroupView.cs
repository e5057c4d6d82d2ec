// One group's part of some flat buffers.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>Views of the numbers of one group, in buffers that are laid out as the flat parameters are.</summary>
internal sealed class GroupView : IDisposable
{
    private readonly Tensor[] _parts;

    /// <param name="group">The group.</param>
    /// <param name="buffers">The buffers; stay the caller's.</param>
    internal GroupView(ParameterGroup group, params ReadOnlySpan<Tensor> buffers)
    {
        Group = group;
        _parts = new Tensor[buffers.Length];
        for (int i = 0; i < buffers.Length; i++)
            _parts[i] = buffers[i].narrow(0, group.Start, group.Length).DetachFromDisposeScope();
    }

    internal ParameterGroup Group { get; }

    /// <summary>The group's part of the buffer of that number.</summary>
    internal Tensor this[int buffer] => _parts[buffer];

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }
}

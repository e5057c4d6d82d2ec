// A forward pass with everything that explanations read from it.
using static TorchSharp.torch;

namespace Microsoft.ML.VisionTransformer.Network;

/// <summary>
/// What a forward pass for images [N, C, H, W] came through. Where gradients are enabled and the images require one, <paramref name="Logits"/> hang on the
/// weights in autograd's graph.
/// </summary>
/// <param name="Blocks">Attention weights of each block, as <see cref="VisionTransformerNetwork.AttentionWeights"/> gives them: [N, heads, T, T].</param>
/// <param name="Pool">Attention weights of the attention pool over the tokens that it sees, [N, heads, 1, tokens]; null where the network has another
/// pool.</param>
/// <param name="Tokens">What enters the pool, [N, T, D].</param>
/// <param name="Logits">[N, classes], the same as the network's own forward up to rounding.</param>
internal sealed record AttentionTrace(IReadOnlyList<Tensor> Blocks, Tensor? Pool, Tensor Tokens, Tensor Logits);

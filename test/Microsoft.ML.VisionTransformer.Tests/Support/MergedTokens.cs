// Token merging by the definition in arXiv:2210.09461, section 3, in a plain libtorch implementation.
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Microsoft.ML.VisionTransformer.Tests.Support;

/// <summary>One image through the blocks of a plain network, merging pairs of tokens in each.</summary>
internal static class MergedTokens
{
    /// <summary>The class token [D] after the final norm.</summary>
    internal static Tensor ClassToken(VisionTransformerNetwork network, Tensor image, int merged)
    {
        var architecture = network.Architecture;
        var state = network.state_dict();
        var x = network.Embed(image)[0];
        var sizes = ones(x.size(0));
        for (int i = 0; i < architecture.Depth; i++)
        {
            string name = $"blocks.{i}";
            var (added, keys) = Attention(Norm(x, "norm1"), sizes);
            (x, sizes) = Merge(x + added, keys, sizes, architecture.PrefixTokens, merged);
            x = x + Linear(gelu(Linear(Norm(x, "norm2"), "mlp.fc1")), "mlp.fc2");

            Tensor Linear(Tensor input, string layer) => linear(input, state[$"{name}.{layer}.weight"], state[$"{name}.{layer}.bias"]);
            Tensor Norm(Tensor input, string layer) =>
                layer_norm(input, [architecture.EmbeddingDimension], state[$"{name}.{layer}.weight"], state[$"{name}.{layer}.bias"], architecture.NormEpsilon);
            (Tensor Added, Tensor Keys) Attention(Tensor input, Tensor sizes)
            {
                long width = architecture.EmbeddingDimension / architecture.Heads;
                var qkv = Linear(input, "attn.qkv").reshape(-1, 3, architecture.Heads, width).permute(1, 2, 0, 3);
                var scores = qkv[0].matmul(qkv[1].transpose(1, 2)) / Math.Sqrt(width) + sizes.log();
                var mixed = scores.softmax(-1).matmul(qkv[2]).permute(1, 0, 2).reshape(-1, architecture.EmbeddingDimension);
                return (Linear(mixed, "attn.proj"), qkv[1].mean([0]));
            }
        }

        return layer_norm(x[0], [architecture.EmbeddingDimension], state["norm.weight"], state["norm.bias"], architecture.NormEpsilon);
    }

    private static (Tensor X, Tensor Sizes) Merge(Tensor x, Tensor keys, Tensor sizes, int prefix, int merged)
    {
        long[] patches = [.. Enumerable.Range(prefix, (int)x.size(0) - prefix)];
        long[] even = [.. patches.Where(p => p % 2 == 0)], odd = [.. patches.Where(p => p % 2 != 0)];
        var unit = normalize(keys, p: 2, dim: 1);
        var similar = unit.index_select(0, tensor(even)).matmul(unit.index_select(0, tensor(odd)).T);
        var (values, indices) = similar.max(1);
        float[] best = values.data<float>().ToArray();
        var partner = even.Zip(indices.data<long>().ToArray(), (token, position) => (token, odd[position])).ToDictionary();
        long[] gone = [.. Enumerable.Range(0, even.Length).OrderByDescending(i => best[i]).Take(merged).Select(i => even[i])];

        long[] left = [.. Enumerable.Range(0, prefix), .. even.Except(gone), .. odd];
        var groups = left.Select(token => tensor((long[])[token, .. gone.Where(g => partner[g] == token)])).ToArray();
        var weighted = groups.Select(g => (x.index_select(0, g) * sizes.index_select(0, g).unsqueeze(1)).sum([0L]) / sizes.index_select(0, g).sum());
        return (stack(weighted), stack(groups.Select(g => sizes.index_select(0, g).sum())));
    }
}

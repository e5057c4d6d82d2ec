// Pretrained models that have a short name.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer;

/// <summary>
/// A pretrained model on the Hugging Face hub that has a short name, such as <c>vit-tiny</c>.
/// <see cref="VisionTransformerCheckpoint.ShortNames"/> lists all of them.
/// </summary>
/// <param name="Name">The short name.</param>
/// <param name="HubId">The id of the model on the hub, <c>owner/name</c>.</param>
/// <param name="Description">The network, and what it was trained on.</param>
/// <param name="Classes">
/// Number of classes of the model's own head. With 0 it has no head: use it for training and for features.
/// </param>
/// <param name="Parameters">Number of parameters, including those of the head.</param>
/// <param name="ImageSize">Width and height of the model's input, in pixels.</param>
/// <param name="License">License of the weights, as on the page of the model.</param>
/// <example>
/// <code>
/// using Microsoft.ML.VisionTransformer;
///
/// foreach (PretrainedModelInfo model in VisionTransformerCheckpoint.ShortNames)
///     Console.WriteLine($"{model.Name,-24}{model.Parameters / 1e6,6:F1} million  {model.Description} ({model.License})");
/// </code>
/// </example>
public sealed record PretrainedModelInfo(string Name, string HubId, string Description, int Classes, long Parameters, int ImageSize, string License)
{
    private const string Apache = "Apache 2.0", AugReg = "ImageNet-21k, fine-tuned on ImageNet-1k", DeiT3 = "DeiT III on ImageNet-22k, fine-tuned on ImageNet-1k";

    /// <summary>All of them, by name. They are models of layouts that the library reads, and whose licenses allow commercial use.</summary>
    internal static IReadOnlyList<PretrainedModelInfo> All { get; } =
    [
        new("clip-base", "timm/vit_base_patch16_clip_224.laion2b_ft_in12k_in1k", "ViT-B/16, CLIP on LAION-2B, fine-tuned on ImageNet-12k and ImageNet-1k", 1000, 86_568_424, 224, Apache),
        new("deit3-base", "timm/deit3_base_patch16_224.fb_in22k_ft_in1k", $"ViT-B/16, {DeiT3}", 1000, 86_585_320, 224, Apache),
        new("deit3-small", "timm/deit3_small_patch16_224.fb_in22k_ft_in1k", $"ViT-S/16, {DeiT3}", 1000, 22_059_496, 224, Apache),
        new("dinov2-base", "facebook/dinov2-base", "ViT-B/14, DINOv2", 0, 86_579_712, 518, Apache),
        new("dinov2-base-registers", "facebook/dinov2-with-registers-base", "ViT-B/14, DINOv2 with registers", 0, 86_582_016, 518, Apache),
        new("dinov2-large", "facebook/dinov2-large", "ViT-L/14, DINOv2", 0, 304_367_616, 518, Apache),
        new("dinov2-small", "facebook/dinov2-small", "ViT-S/14, DINOv2", 0, 22_056_192, 518, Apache),
        new("dinov2-small-registers", "facebook/dinov2-with-registers-small", "ViT-S/14, DINOv2 with registers", 0, 22_057_344, 518, Apache),
        new("siglip-base", "google/siglip-base-patch16-224", "ViT-B/16, the image tower of SigLIP", 0, 92_884_224, 224, Apache),
        new("vit-base", "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k", $"ViT-B/16, {AugReg}", 1000, 86_567_656, 224, Apache),
        new("vit-large", "timm/vit_large_patch16_224.augreg_in21k_ft_in1k", $"ViT-L/16, {AugReg}", 1000, 304_326_632, 224, Apache),
        new("vit-small", "timm/vit_small_patch16_224.augreg_in21k_ft_in1k", $"ViT-S/16, {AugReg}", 1000, 22_050_664, 224, Apache),
        new("vit-tiny", "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", $"ViT-Ti/16, {AugReg}", 1000, 5_717_416, 224, Apache),
    ];

    /// <summary>The model with a short name, in any case; null if there is none.</summary>
    internal static PretrainedModelInfo? Find(string name) => All.FirstOrDefault(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The nearest short name and all of them, for messages about an unknown one.</summary>
    internal static string Suggest(string name) =>
        $"the nearest short name is \"{NearestName.To(MessageText.Of(name), All.Select(model => model.Name))}\" (of {string.Join(", ", All.Select(model => model.Name))})";
}

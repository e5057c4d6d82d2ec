// How text from files is shown in messages.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Tests.Common;

[TestClass]
public sealed class MessageTextTests
{
    [TestMethod]
    [DataRow("blocks.0.norm1.weight", "blocks.0.norm1.weight")]
    [DataRow("Größe 花", "Größe 花")]
    [DataRow("a\r\nERROR", "a??ERROR")]
    [DataRow("\u001b[31m", "?[31m")]
    [DataRow("a\u2028b\u2029c", "a?b?c", DisplayName = "separators of lines and paragraphs")]
    [DataRow("a\u202Eb", "a?b", DisplayName = "a change of direction")]
    [DataRow(1.5, "1.5")]
    [DataRow(null, "")]
    public void WhatIsNotSeenIsReplaced(object? value, string expected) => Assert.AreEqual(expected, MessageText.Of(value));

    [TestMethod]
    public void ALongTextIsCut()
    {
        Assert.AreEqual(new string('a', 120), MessageText.Of(new string('a', 120)));
        Assert.AreEqual(new string('a', 120) + "...", MessageText.Of(new string('a', 1_000_000)));
    }
}

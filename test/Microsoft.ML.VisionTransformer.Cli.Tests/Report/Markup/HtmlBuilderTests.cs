// Interpolated values are always escaped.
using System.Net;
using Microsoft.ML.VisionTransformer.Cli.Report;

namespace Microsoft.ML.VisionTransformer.Cli.Tests.Report;

[TestClass]
public sealed class HtmlBuilderTests
{
    [TestMethod]
    [DataRow("<script>alert(1)</script>")]
    [DataRow("\" onload=\"alert(1)")]
    [DataRow("' onload='alert(1)")]
    [DataRow("a & b &amp; c &#60;")]
    [DataRow("Löwenzahn, 蒲公英, 🌼")]
    public void AValueRoundTrips(string value)
    {
        var html = new HtmlBuilder();
        html.Add($"<b title=\"{value}\">{value}</b>");

        string[] parts = html.Text.ToString().TrimEnd('\n').Split(["<b title=\"", "\">", "</b>"], StringSplitOptions.None);
        CollectionAssert.AreEqual(new[] { "", value, value, "" }, parts.Select(WebUtility.HtmlDecode).ToArray());
    }

    [TestMethod]
    public void AForbiddenControlCharacterIsReplaced()
    {
        var html = new HtmlBuilder();
        html.Add($"{"a\0b\u001Bc\td"}");
        Assert.AreEqual("a\uFFFDb\uFFFDc\td\n", WebUtility.HtmlDecode(html.Text.ToString()));
    }

    [TestMethod]
    public void AFileIsWrittenAsBase64()
    {
        var html = new HtmlBuilder();
        html.Add($"{new byte[] { 0xFB, 0xEF, 0xFF }}");
        Assert.AreEqual("++//\n", html.Text.ToString());
    }

    [TestMethod]
    public void NumbersHaveADecimalPoint()
    {
        var html = new HtmlBuilder();
        html.Add($"{1234}|{0.12345}|{-0.5}");
        Assert.AreEqual("1234|0.123|-0.5\n", html.Text.ToString());
    }

    [TestMethod]
    [DataRow(1.0, "100.0%")]
    [DataRow(0.99999, "> 99.9%")]
    [DataRow(0.973, "97.3%")]
    [DataRow(0.0001, "< 0.1%")]
    [DataRow(0.0, "0.0%")]
    public void AProbabilityIsNeverRoundedToCertainty(double value, string expected) =>
        Assert.AreEqual(expected, ValueFormat.Probability(value));
}

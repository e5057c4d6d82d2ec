// The classes. Each motif is an outline about the size of the unit circle, filled with the foreground color.
using SkiaSharp;

namespace QuickStart.Photos;

internal static class Motifs
{
    /// <summary>Patterns extend this far from the center, past the edge of every photo.</summary>
    private const float PatternReach = 7;

    internal static readonly IReadOnlyDictionary<string, Func<Random, SKPath>> All = new SortedDictionary<string, Func<Random, SKPath>>(StringComparer.Ordinal)
    {
        ["checkerboard"] = Checkerboard,
        ["cross"] = Cross,
        ["disc"] = Disc,
        ["ring"] = Ring,
        ["star"] = Star,
        ["stripes"] = Stripes,
    };

    private static SKPath Disc(Random random)
    {
        var path = new SKPath();
        float flattening = random.Between(0.85f, 1);
        path.AddOval(new SKRect(-1, -flattening, 1, flattening));
        return path;
    }

    private static SKPath Ring(Random random)
    {
        var path = Disc(random);
        path.FillType = SKPathFillType.EvenOdd;
        float hole = random.Between(0.45f, 0.65f);
        path.AddOval(new SKRect(-hole, -hole, hole, hole));
        return path;
    }

    private static SKPath Star(Random random)
    {
        float inner = random.Between(0.46f, 0.54f);
        return Polygon(corners: 10, corner => corner % 2 == 0 ? 1.15f : inner);
    }

    private static SKPath Cross(Random random)
    {
        var path = new SKPath();
        float half = random.Between(0.16f, 0.24f), length = random.Between(0.95f, 1.1f);
        path.AddRect(new SKRect(-length, -half, length, half));
        path.AddRect(new SKRect(-half, -length, half, length));
        return path;
    }

    private static SKPath Stripes(Random random)
    {
        var path = new SKPath();
        float period = random.Between(0.55f, 0.95f);
        for (float x = -PatternReach; x < PatternReach; x += period)
            path.AddRect(new SKRect(x, -PatternReach, x + period / 2, PatternReach));
        return path;
    }

    private static SKPath Checkerboard(Random random)
    {
        var path = new SKPath();
        float side = random.Between(0.35f, 0.6f);
        int reach = (int)(PatternReach / side);
        for (int row = -reach; row < reach; row++)
        {
            for (int column = -reach + (row & 1); column < reach; column += 2)
                path.AddRect(SKRect.Create(column * side, row * side, side, side));
        }

        return path;
    }

    private static SKPath Polygon(int corners, Func<int, float> radius)
    {
        var points = new SKPoint[corners];
        for (int i = 0; i < corners; i++)
        {
            var (sine, cosine) = MathF.SinCos(MathF.Tau * i / corners);
            points[i] = new SKPoint(radius(i) * cosine, radius(i) * sine);
        }

        var path = new SKPath();
        path.AddPoly(points);
        return path;
    }
}

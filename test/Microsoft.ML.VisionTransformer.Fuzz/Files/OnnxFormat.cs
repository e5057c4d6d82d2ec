// Mutates ONNX files of this library as trees of Protocol Buffers: values, names, lengths and the JSON of the metadata.
using System.Text;

namespace Microsoft.ML.VisionTransformer.Fuzz;

internal sealed class OnnxFormat : CheckpointFormat
{
    private const int Format = 8;

    /// <summary>Byte fields that are messages, by their path of field numbers: graph, metadata, initializers, their locations, entries.</summary>
    private static readonly HashSet<string> _messages = ["/7", "/14", "/7/5", "/7/5/13"];

    private readonly byte[][] _files;
    private readonly byte[] _data;

    internal OnnxFormat(string root)
    {
        using var model = new MLContext(seed: 1).Model.LoadVisionTransformer(Path.Combine(root, "hf-vit"));
        string folder = Directory.CreateTempSubdirectory("onnx-corpus-").FullName;
        try
        {
            string inside = Path.Combine(folder, "inside.onnx"), outside = Path.Combine(folder, "weights.bin");
            model.SaveAsOnnx(inside);
            model.SaveAsOnnx(outside, new OnnxExportOptions { ExternalData = true });
            _files = [File.ReadAllBytes(inside), File.ReadAllBytes(outside)];
            _data = File.ReadAllBytes(outside + ".data");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private protected override bool IsLone => false;

    internal override byte[] Make(int number)
    {
        var random = RandomOf(Format, number);
        byte[] file = _files[random.Next(_files.Length)];
        if (random.Next(4) == 0)
            return ByteMutator.Change(file, random, random.Next(2) == 0 ? 4096 : int.MaxValue);
        var root = Node.Parse(file, "");
        for (int steps = 1 + random.Next(3); steps > 0; steps--)
            Change(root, random);
        return root.ToBytes();
    }

    private protected override string Write(byte[] file, int number, string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, "weights.bin.data"), _data);
        return base.Write(file, number, folder);
    }

    private static void Change(Node root, Random random)
    {
        Node[] all = [.. root.All()];
        var node = all[random.Next(all.Length)];
        byte[] content = node.Content;
        switch (random.Next(6))
        {
            case 0:
                node.IsLeftOut = true;
                break;
            case 1:
                node.Number = random.Next(16);
                break;
            case 2:
                node.Copies = random.Next(100);
                break;
            case 3 when node.Kind == 0:
                node.Value = ((ulong[])[0, 1, 2, 7, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue, node.Value + 1, node.Value * 2])[random.Next(10)];
                break;
            case 4 when content.Length > 0 && content[0] == (byte)'{':
                node.Replace(JsonMutator.Change(content, random));
                break;
            default:
                if (node.Kind != 0 && content.Length > 0)
                    node.Replace(random.Next(2) == 0 ? ByteMutator.Change(content, random) : Encoding.UTF8.GetBytes(new[] { "", "..", "/etc/passwd", "weights.bin", "-1", "9223372036854775807", "99999999999999999999", ".transposed" }[random.Next(8)]));
                break;
        }
    }

    /// <summary>A field, or the whole message.</summary>
    private sealed class Node
    {
        private List<Node> _fields = [];
        private byte[] _content = [];

        internal int Number { get; set; }

        internal int Kind { get; private init; }

        internal ulong Value { get; set; }

        internal int Copies { get; set; } = 1;

        internal bool IsLeftOut { get; set; }

        internal byte[] Content => _fields.Count == 0 ? _content : [.. _fields.SelectMany(inner => inner.Encoded())];

        internal static Node Parse(byte[] message, string path)
        {
            var root = new Node { Kind = 2 };
            for (int at = 0; at < message.Length;)
            {
                ulong tag = Varint(message, ref at);
                var (number, kind) = ((int)(tag >> 3), (int)(tag & 7));
                if (kind == 0)
                {
                    root._fields.Add(new Node { Number = number, Value = Varint(message, ref at) });
                    continue;
                }

                int length = kind switch { 1 => 8, 5 => 4, _ => (int)Varint(message, ref at) };
                byte[] content = message[at..(at + length)];
                at += length;
                string inner = $"{path}/{number}";
                var field = kind == 2 && _messages.Contains(inner) ? Parse(content, inner) : new Node { Kind = kind, _content = content };
                field.Number = number;
                root._fields.Add(field);
            }

            return root;
        }

        internal IEnumerable<Node> All() => _fields.SelectMany(field => field.All().Prepend(field));

        internal void Replace(byte[] content) => (_fields, _content) = ([], content);

        internal byte[] ToBytes() => Content;

        private IEnumerable<byte> Encoded()
        {
            if (IsLeftOut)
                return [];
            byte[] content = Kind == 0 ? [] : Content;
            byte[] head = [.. Bytes(((ulong)Number << 3) | (uint)Kind), .. Kind switch { 0 => Bytes(Value), 2 => Bytes((ulong)content.Length), _ => [] }];
            return Enumerable.Repeat((byte[])[.. head, .. content], Copies).SelectMany(bytes => bytes);
        }

        private static ulong Varint(byte[] bytes, ref int at)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = bytes[at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                    return value;
            }
        }

        private static List<byte> Bytes(ulong value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7)
                bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
            return bytes;
        }
    }
}

// The few messages of which TensorBoard's event files are made.
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Trainers;

/// <summary>
/// tensorflow/core/util/event.proto: Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7; },
/// SessionLog { status = 1, where 1 is START; }; summary.proto: Summary { repeated Value value = 1; }, Value { string tag = 1; float simple_value = 2; }.
/// </summary>
internal static class EventMessage
{
    /// <summary>The first event of a file.</summary>
    internal static byte[] FileVersion(double wallTime) => At(wallTime, step: 0).Text(3, "brain.Event:2").ToArray();

    /// <summary>Says that a run goes on with that step: TensorBoard leaves out what earlier files have of it and later.</summary>
    internal static byte[] Restart(double wallTime, long step) => At(wallTime, step).Message(7, new ProtoMessage().Integer(1, 1)).ToArray();

    /// <summary>Figures of a step.</summary>
    /// <param name="wallTime">Seconds since 1970, UTC.</param>
    /// <param name="step">The step.</param>
    /// <param name="values">Tags and figures.</param>
    internal static byte[] Summary(double wallTime, long step, IEnumerable<(string Tag, float Value)> values) =>
        At(wallTime, step).Message(5, new ProtoMessage().Messages(1, values.Select(figure => new ProtoMessage().Text(1, figure.Tag).Float(2, figure.Value)))).ToArray();

    private static ProtoMessage At(double wallTime, long step)
    {
        var message = new ProtoMessage().Double(1, wallTime);
        return step == 0 ? message : message.Integer(2, step);    // what is 0 is left out, as in every proto3 writer
    }
}

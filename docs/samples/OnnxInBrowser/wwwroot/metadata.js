// Reads what an ONNX file says of itself, which onnxruntime-web does not tell: its class names among other things.

const metadataField = 14, keyField = 1, valueField = 2;    // ModelProto.metadata_props and StringStringEntryProto in the ONNX format
const varint = 0, eightBytes = 1, bytesOfLength = 2, fourBytes = 5;

/** All entries as an object of strings, or null for a file that cannot be ONNX. Only the outermost fields are looked at: the network is stepped over. */
export function readMetadata(file) {
  const text = new TextDecoder();
  const metadata = {};
  try {
    for (const [field, entry] of fields(file)) {
      if (field !== metadataField)
        continue;
      const parts = Object.fromEntries(fields(entry));
      metadata[text.decode(parts[keyField])] = text.decode(parts[valueField]);
    }
  } catch (error) {
    if (error instanceof RangeError)
      return null;
    throw error;
  }
  return metadata;
}

/** Field numbers and contents of one protobuf message; numbers have no content. */
function* fields(bytes) {
  let at = 0;
  while (at < bytes.length) {
    const tag = number();
    const kind = tag % 8;
    const length = kind === varint ? (number(), 0) : kind === eightBytes ? 8 : kind === fourBytes ? 4 : kind === bytesOfLength ? number() : NaN;
    if (!(at + length <= bytes.length))
      throw new RangeError(`Field ${Math.floor(tag / 8)} at ${at} has no end.`);
    yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
    at += length;
  }

  function number() {
    let value = 0;
    for (let weight = 1; ; weight *= 128) {
      const byte = bytes[at++];
      value += byte % 128 * weight;
      if (!(byte >= 128))
        return value;
    }
  }
}

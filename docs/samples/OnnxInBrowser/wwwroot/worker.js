// Off the page's thread, so that the page stays usable: loads the model, turns photos into pixels and pixels into probabilities.
import * as ort from './onnxruntime-web/ort.wasm.min.mjs';
import { readMetadata } from './metadata.js';
import { readPixels, UnreadablePhoto } from './pixels.js';

const mostThreads = 8;
const remedy = 'Export the model with Input = OnnxInput.RawRgb';

ort.env.logLevel = 'error';
ort.env.wasm.wasmPaths = new URL('onnxruntime-web/', self.location.href).href;
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1;

const loading = load();
loading.then(model => self.postMessage({ model: { name: model.name, classes: model.names.length, seconds: model.seconds } }),
  error => self.postMessage({ error: error.message }));

let queue = loading.catch(() => {});
self.onmessage = ({ data }) => queue = queue.then(() => answer(data));

async function load() {
  const started = performance.now();
  const about = await (await fetched('about-model.json')).json();
  const bytes = new Uint8Array(await (await fetched('model')).arrayBuffer());
  const externalData = about.data && [{ path: about.data, data: new Uint8Array(await (await fetched('model.data')).arrayBuffer()) }];
  const metadata = readMetadata(bytes);
  if (!metadata)
    throw new Error(`${about.name} is no ONNX file, or it is cut off.`);
  const session = await ort.InferenceSession.create(bytes, externalData ? { externalData } : {});
  if (session.inputNames[0] !== 'image')
    throw new Error(`${about.name} takes '${session.inputNames[0]}', not raw pixels. ${remedy}.`);
  if (!session.outputNames.includes('probabilities'))
    throw new Error(`${about.name} gives ${session.outputNames.join(' and ')}, no probabilities. ${remedy} and Outputs = OnnxOutputs.Probabilities.`);
  const names = metadata.class_names ? JSON.parse(metadata.class_names) : await numbers(session);
  return { name: about.name, session, names, seconds: (performance.now() - started) / 1000 };
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok)
    throw new Error(`${address} was answered with ${response.status}. Does the file still lie where it was when the server started?`);
  return response;
}

/** Names for classes that have none: one per output. */
async function numbers(session) {
  const output = session.outputMetadata.find(value => value.name === 'probabilities');
  return Array.from({ length: output.shape.at(-1) }, (_, i) => `Class ${i}`);
}

async function answer({ photo, file }) {
  try {
    self.postMessage({ photo, ...await classify(await loading, file) });
  } catch (error) {
    const reason = error instanceof UnreadablePhoto ? error.message : `${file.name || 'The photo'} could not be classified: ${error.message}`;
    self.postMessage({ photo, error: reason });
  }
}

async function classify({ session, names }, file) {
  const started = performance.now();
  const { rgb, width, height, original } = await readPixels(file);
  const image = new ort.Tensor('uint8', rgb, [1, height, width, 3]);
  const { probabilities } = await session.run({ image }, ['probabilities']);
  const classes = Array.from(probabilities.data, (probability, i) => ({ name: names[i], probability }));
  probabilities.dispose();
  return { classes, ...original, seconds: (performance.now() - started) / 1000 };
}

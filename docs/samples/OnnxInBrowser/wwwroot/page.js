// The page: takes a photo, hands it to the worker, shows what comes back.
const fewClasses = 5;
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const part = id => document.getElementById(id);
const worker = new Worker('worker.js', { type: 'module' });

let asked = 0;        // the newest photo's number; answers about older ones come too late
let ranked = [];
let showsAll = false;

worker.onmessage = ({ data }) => {
  if (data.model)
    modelIsLoaded(data.model);
  else if (data.photo === undefined)
    modelFailed(data.error);
  else if (data.photo === asked)
    data.error ? fail(data.error) : show(data);
};
worker.onerror = event => modelFailed(`The model's code did not load${event.message ? `: ${event.message}` : '.'}`);

function modelIsLoaded({ name, classes, seconds }) {
  part('model').textContent = `${name}, ${classes} classes, loaded in ${seconds.toFixed(1)} s.`;
  part('photo').disabled = false;
}

function modelFailed(message) {
  part('model').textContent = '';
  part('photo').disabled = true;
  fail(message);
}

function fail(message) {
  part('status').textContent = '';
  part('error').textContent = message;
}

function classify(photo) {
  if (!photo || part('photo').disabled)
    return;
  part('result').hidden = true;
  part('error').textContent = '';
  part('status').textContent = 'Looking at it …';
  URL.revokeObjectURL(part('preview').src);
  part('preview').src = URL.createObjectURL(photo);
  worker.postMessage({ photo: ++asked, file: photo });
}

function show({ classes, width, height, reduction, seconds }) {
  ranked = classes.sort((a, b) => b.probability - a.probability);
  showsAll = false;
  list();
  part('result').hidden = false;
  const [best] = ranked;
  const read = reduction > 1 ? `, read at 1/${reduction} of its sides` : '';
  part('status').textContent =
    `${best.name}, ${percent.format(best.probability)}. A photo of ${width} × ${height} pixels${read}; the answer took ${seconds.toFixed(2)} s.`;
}

function list() {
  part('classes').replaceChildren(...ranked.slice(0, showsAll ? ranked.length : fewClasses).map(row));
  const all = part('all');
  all.hidden = ranked.length <= fewClasses;
  all.textContent = showsAll ? `Show ${fewClasses}` : `Show all ${ranked.length}`;
  all.setAttribute('aria-expanded', showsAll);
}

function row({ name, probability }) {
  const line = document.createElement('tr');
  const heading = document.createElement('th');
  const cell = document.createElement('td');
  heading.scope = 'row';
  heading.textContent = name;
  cell.textContent = percent.format(probability);
  line.dataset.probability = probability;
  line.style.setProperty('--share', probability);
  line.append(heading, cell);
  return line;
}

part('all').addEventListener('click', () => {
  showsAll = !showsAll;
  list();
});
part('photo').addEventListener('change', event => {
  classify(event.target.files[0]);
  event.target.value = '';    // so that the same photo can be chosen again
});
document.addEventListener('paste', event => classify(event.clipboardData.files[0]));

// Anywhere on the page: a photo dropped beside the field would replace the page.
document.addEventListener('dragover', event => {
  event.preventDefault();
  part('drop').classList.add('over');
});
document.addEventListener('dragleave', event => part('drop').classList.toggle('over', event.relatedTarget !== null));
document.addEventListener('drop', event => {
  event.preventDefault();
  part('drop').classList.remove('over');
  classify(event.dataTransfer.files[0]);
});

// The page: sends the chosen photo to the service, shows the classes, then the overlay of the most probable class or of the one that is clicked.
const shownClasses = 5;
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const part = id => document.getElementById(id);
let pending = new AbortController();

part('form').addEventListener('submit', async event => {
  event.preventDefault();
  const [photo] = part('photo').files;
  const signal = restart();
  part('result').hidden = true;
  part('error').textContent = '';
  part('status').textContent = 'Classifying …';
  try {
    const { classes } = await (await post('classify', photo, signal)).json();
    show(photo, classes);
    await explain(photo, classes[0], signal);
  } catch (error) {
    if (signal.aborted)
      return;
    part('status').textContent = '';
    part('error').textContent = error.message;
  }
});

// Cancels the requests in progress.
function restart() {
  pending.abort();
  pending = new AbortController();
  return pending.signal;
}

async function post(path, photo, signal) {
  const headers = { 'Content-Type': photo.type || 'application/octet-stream' };
  const answer = await fetch(path, { method: 'POST', body: photo, headers, signal }).catch(error => {
    throw signal.aborted ? error : new Error('The service cannot be reached. Try again shortly.');
  });
  if (answer.ok)
    return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The service answered with the status ${answer.status}.`);
}

function show(photo, classes) {
  const [best] = classes;
  setImage('preview', photo);
  part('classes').replaceChildren(...classes.slice(0, shownClasses).map(c => row(photo, c)));
  part('result').hidden = false;
  part('status').textContent = `${best.name}, ${percent.format(best.probability)}`;
}

async function explain(photo, { name, probability, index }, signal) {
  for (const button of part('classes').querySelectorAll('button'))
    button.setAttribute('aria-pressed', button.value === String(index));
  part('overlay').hidden = true;
  part('caption').textContent = '';
  part('pending').textContent = 'Computing the overlay …';
  part('explanation').setAttribute('aria-busy', 'true');
  try {
    const answer = await post(`explain?index=${index}`, photo, signal);
    setImage('overlay', await answer.blob());
    part('overlay').alt = `The part of the photo that the model sees. Lighter areas contributed more to the class ${name}.`;
    part('overlay').hidden = false;
    part('pending').textContent = '';
    part('caption').textContent = `${name}, ${percent.format(probability)}: lighter areas contributed more`;
  } catch (error) {
    if (signal.aborted)
      return;
    part('pending').textContent = error.message;
  }
  part('explanation').setAttribute('aria-busy', 'false');
}

function setImage(id, blob) {
  URL.revokeObjectURL(part(id).src);
  part(id).src = URL.createObjectURL(blob);
}

function row(photo, entry) {
  const line = document.createElement('tr');
  const heading = document.createElement('th');
  const button = document.createElement('button');
  const cell = document.createElement('td');
  const bar = document.createElement('meter');
  const value = document.createElement('span');
  heading.scope = 'row';
  button.type = 'button';
  button.value = entry.index;
  button.textContent = entry.name;
  button.title = 'Show the overlay of this class';
  button.addEventListener('click', () => explain(photo, entry, restart()));
  bar.value = entry.probability;
  bar.setAttribute('aria-hidden', 'true');
  heading.append(button);
  value.textContent = percent.format(entry.probability);
  cell.append(bar, value);
  line.append(heading, cell);
  return line;
}

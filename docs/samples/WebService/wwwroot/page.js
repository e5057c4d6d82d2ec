// The page: sends the chosen photo to the service and shows its answer.
const shown = 5;
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
const part = id => document.getElementById(id);

part('form').addEventListener('submit', async event => {
  event.preventDefault();
  const [photo] = part('photo').files;
  part('result').hidden = true;
  part('error').textContent = '';
  part('status').textContent = 'Looking at it …';
  try {
    show(photo, await classify(photo));
  } catch (error) {
    part('status').textContent = '';
    part('error').textContent = error.message;
  }
});

async function classify(photo) {
  const answer = await fetch('classify', { method: 'POST', body: photo, headers: { 'Content-Type': photo.type || 'application/octet-stream' } });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok)
    throw new Error(content.detail ?? `The service answered ${answer.status}.`);
  return content.classes;
}

function show(photo, classes) {
  const [best] = classes;
  URL.revokeObjectURL(part('preview').src);
  part('preview').src = URL.createObjectURL(photo);
  part('classes').replaceChildren(...classes.slice(0, shown).map(row));
  part('result').hidden = false;
  part('status').textContent = `${best.name}, ${percent.format(best.probability)}.`;
}

function row({ name, probability }) {
  const line = document.createElement('tr');
  const heading = document.createElement('th');
  const cell = document.createElement('td');
  heading.scope = 'row';
  heading.textContent = name;
  cell.textContent = percent.format(probability);
  line.append(heading, cell);
  return line;
}

// The page that explores the API: draws what /openapi.json says, and sends requests. It keeps nothing: a token lives in
// its field and is gone with the page.

const state = document.getElementById('state');
const operations = document.getElementById('operations');
const groups = document.getElementById('groups');

/** An element with these attributes and children; texts stay texts, whatever they hold. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'on') Object.entries(value).forEach(([event, handler]) => element.addEventListener(event, handler));
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

/** A schema as people read it: JSON in which each value names its type. */
function shown(schema, depth = 0) {
  const pad = '  '.repeat(depth + 1);
  if (!schema || Object.keys(schema).length === 0) return 'anything';
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const types = [schema.type].flat();
  const or = types.includes('null') && types.length > 1 ? ' | null' : '';
  switch (types[0]) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
        const optional = (schema.required ?? []).includes(name) ? '' : '?';
        const otherwise = 'default' in inner ? ` = ${JSON.stringify(inner.default)}` : '';
        return `${pad}${name}${optional}: ${shown(inner, depth + 1)}${otherwise}`;
      });
      if (typeof schema.additionalProperties === 'object') fields.push(`${pad}<key>: ${shown(schema.additionalProperties, depth + 1)}`);
      return (fields.length ? `{\n${fields.join('\n')}\n${pad.slice(2)}}` : '{}') + or;
    }
    case 'array':
      return `[${shown(schema.items, depth)}]${or}`;
    default:
      return types.join(' | ');
  }
}

/** A value that fits a schema, to begin with. */
function example(schema) {
  if (!schema) return null;
  if ('default' in schema) return schema.default;
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => (schema.required ?? []).includes(name))
          .map(([name, inner]) => [name, example(inner)]),
      );
    case 'array':
      return [];
    case 'number':
    case 'integer':
      return 0;
    case 'boolean':
      return false;
    default:
      return '';
  }
}

const json = (content) => content?.['application/json']?.schema;

function table(head, rows) {
  return make('div', { class: 'table' }, make('table', {},
    make('thead', {}, make('tr', {}, head.map((text) => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, rows.map((cells) => make('tr', {}, cells.map((cell) => make('td', {}, cell)))))));
}

/** The header by which the server knows who asks. */
function credentials(api, operation) {
  const token = document.getElementById('token').value.trim();
  const name = Object.keys(operation.security?.[0] ?? {})[0];
  const scheme = api.components?.securitySchemes?.[name];
  if (!token || !scheme) return {};
  return scheme.type === 'http' ? { authorization: `Bearer ${token}` } : { [scheme.name]: token };
}

function tryIt(api, path, method, operation) {
  const inputs = (operation.parameters ?? []).map((parameter) => ({
    parameter,
    input: make('input', { name: parameter.name, required: parameter.required }),
  }));
  const schema = json(operation.requestBody?.content);
  const body = schema && make('textarea', { spellcheck: 'false' }, JSON.stringify(example(schema), null, 2));
  const answer = make('div', { role: 'status' });
  const send = async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    let target = path;
    for (const { parameter, input } of inputs) {
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value !== '') query.set(parameter.name, input.value);
    }
    const headers = credentials(api, operation);
    if (body) headers['content-type'] = 'application/json';
    answer.replaceChildren('Sending …');
    try {
      const url = query.size ? `${target}?${query}` : target;
      const response = await fetch(url, { method: method.toUpperCase(), headers, body: body?.value });
      const text = await response.text();
      let pretty = text;
      try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is no JSON, and stays what it is */ }
      answer.replaceChildren(make('strong', {}, `${response.status} ${response.statusText}`), make('pre', { tabindex: '0' }, pretty || '(no body)'));
    } catch (error) {
      answer.replaceChildren(`There was no answer: ${error.message}`);
    }
  };
  return make('form', { class: 'try', on: { submit: send } },
    inputs.map(({ parameter, input }) => make('label', {}, make('span', { class: parameter.required ? 'needed' : '' }, parameter.name), input)),
    body && make('label', {}, 'Body', body),
    make('div', { class: 'row' }, make('button', {}, 'Send')),
    answer);
}

/** What is inside an operation: drawn when it is opened first. */
function inside(api, path, method, operation) {
  const parameters = (operation.parameters ?? []).map((parameter) => [
    make('code', {}, parameter.name), parameter.in, parameter.required ? 'needed' : 'optional', make('code', {}, shown(parameter.schema)),
  ]);
  const body = json(operation.requestBody?.content);
  const answers = Object.entries(operation.responses ?? {}).map(([status, response]) => {
    const schema = json(response.content);
    const refuses = Number(status) >= 400;
    return [make('code', {}, status), make('div', {}, refuses ? response.description.split('; ').map((line) => make('div', {}, line.replaceAll('`', ''))) : response.description, !refuses && schema && make('pre', { tabindex: '0' }, shown(schema)))];
  });
  return make('div', { class: 'inside' },
    operation.description && make('p', { class: 'plain' }, operation.description),
    parameters.length ? [make('h3', {}, 'Parameters'), table(['name', 'in', '', 'type'], parameters)] : [],
    body ? [make('h3', {}, 'Body'), make('pre', { tabindex: '0' }, shown(body))] : [],
    make('h3', {}, 'Answers'), table(['status', ''], answers),
    make('h3', {}, 'Try it'), tryIt(api, path, method, operation));
}

function drawn(api, path, method, operation) {
  const details = make('details', { 'data-text': `${method} ${path} ${operation.summary ?? ''} ${JSON.stringify(operation.responses)}`.toLowerCase() },
    make('summary', {},
      make('span', { class: `method ${method}` }, method.toUpperCase()),
      make('span', { class: 'path' }, path),
      make('span', { class: 'what' }, operation.summary ?? ''),
      operation.security && make('span', { class: 'lock' }, 'needs a token')));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(inside(api, path, method, operation));
  });
  return details;
}

/** The pages of events are Markdown: headings, tables and lines, no more. */
function events({ contract, text }) {
  const parts = [];
  for (const block of text.split('\n\n').slice(1)) {
    const lines = block.trim().split('\n');
    if (lines[0].startsWith('## ')) parts.push(make('h3', {}, lines[0].slice(3)));
    else if (lines[0].startsWith('|')) {
      const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', ''));
      parts.push(table(cells(lines[0]), lines.slice(2).map(cells)));
    } else parts.push(make('p', {}, block.replaceAll('`', '')));
  }
  return make('details', { 'data-text': text.toLowerCase() },
    make('summary', {}, make('span', { class: 'method' }, 'SOCKET'), make('span', { class: 'what' }, `The events of ${contract}`)),
    make('div', { class: 'inside' }, parts));
}

/** Shows only what has all the words in it. */
function search() {
  const words = document.getElementById('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const details of operations.querySelectorAll('details')) {
    details.hidden = !words.every((word) => details.dataset.text.includes(word));
  }
  for (const section of operations.querySelectorAll('section')) {
    section.hidden = [...section.querySelectorAll('details')].every((details) => details.hidden);
  }
  const found = operations.querySelectorAll('details:not([hidden])').length;
  state.textContent = words.length ? `${found} found` : '';
}

async function load(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

try {
  const [api, pages] = await Promise.all([load('/openapi.json'), load('/docs/events.json')]);
  const byTag = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? 'Others';
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push(drawn(api, path, method, operation));
    }
  }
  for (const page of pages) byTag.get(page.contract)?.push(events(page));
  for (const [tag, list] of byTag) {
    const id = `group-${tag}`;
    operations.append(make('section', { id }, make('h2', {}, tag), list));
    groups.append(make('li', {}, make('a', { href: `#${id}` }, tag)));
  }
  state.textContent = '';
  document.getElementById('search').addEventListener('input', search);
  document.getElementById('tools').addEventListener('submit', (event) => event.preventDefault());
} catch (error) {
  state.textContent = `The documents could not be read: ${error.message}`;
}

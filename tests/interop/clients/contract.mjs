// Does a service do what its description says? node contract.mjs SERVICE METHOD PATH SEED COUNT
// Makes bodies out of the schema of the request, most of them wrong in one place, sends them, and prints as JSON each
// case in which the service and an outside validator do not agree; also answers that are not as described.
import Ajv2020 from 'ajv/dist/2020.js';

const [service, method, path, seed, count] = process.argv.slice(2);
const document = await (await fetch(`${service}/v3/api-docs`)).json();
const operation = document.paths[path][method];
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'api');
const pointer = (...parts) =>
  'api#/' + parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
const body_place = ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'];
const fits_request = ajv.getSchema(pointer(...body_place));

// mulberry32: repeatable.
let state = Number(seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];

const resolve = (schema) => {
  if (schema.$ref) return resolve(schema.$ref.slice(2).split('/').reduce((at, key) => at[key], document));
  if (schema.allOf?.length === 1) return { ...resolve(schema.allOf[0]), ...schema, allOf: undefined };
  return schema;
};

const text = (length) => Array.from({ length }, () => pick([...'abcXYZ09 -한é"\\'])).join('').replace(/^ /, 'a');

// A value that fits.
function good(given) {
  const schema = resolve(given);
  if (schema.enum) return pick(schema.enum);
  switch (schema.type) {
    case 'object': {
      const value = {};
      for (const [name, property] of Object.entries(schema.properties ?? {}))
        if (schema.required?.includes(name) || random() < 0.7) value[name] = good(property);
      return value;
    }
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + below(3) }, () => good(schema.items));
    case 'integer':
      return Math.min(schema.maximum ?? 1000, (schema.minimum ?? 0) + below(50));
    case 'number':
      return (schema.minimum ?? 0) + random();
    case 'boolean':
      return random() < 0.5;
    default:
      if (schema.format === 'email') return `a${below(1000)}@example.com`;
      return text(Math.min(schema.maxLength ?? 40, (schema.minLength ?? 0) + below(5)));
  }
}

// Places where something can be wrong: [object, key, its schema, whether it must be there].
function places(value, given, found = []) {
  const schema = resolve(given);
  if (schema.type === 'object')
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      found.push([value, name, resolve(property), schema.required?.includes(name) ?? false]);
      if (value[name] !== undefined) places(value[name], property, found);
    }
  if (schema.type === 'array') for (const element of value) places(element, schema.items, found);
  return found;
}

function damage(value, schema) {
  const [owner, key, rule] = pick(places(value, schema));
  const ways = [() => delete owner[key]];
  if (rule.minLength > 0) ways.push(() => (owner[key] = text(rule.minLength - 1)));
  if (rule.maxLength) ways.push(() => (owner[key] = text(rule.maxLength + 1)), () => (owner[key] = text(rule.maxLength)));
  if (rule.minimum !== undefined) ways.push(() => (owner[key] = rule.minimum - 1), () => (owner[key] = rule.minimum));
  if (rule.maximum !== undefined) ways.push(() => (owner[key] = rule.maximum + 1), () => (owner[key] = rule.maximum));
  if (rule.minItems > 0) ways.push(() => (owner[key] = []));
  if (rule.type === 'object') ways.push(() => (owner[key] = []), () => (owner[key] = 'text'));
  if (rule.type === 'array') ways.push(() => (owner[key] = 7));
  if (rule.type === 'integer') ways.push(() => (owner[key] = 'many'), () => (owner[key] = {}));
  if (rule.type === 'string') ways.push(() => (owner[key] = {}), () => (owner[key] = ['a']));
  pick(ways)();
}

const disagreements = [];
const seen = {};
for (let i = 0; i < Number(count); ++i) {
  const schema = operation.requestBody.content['application/json'].schema;
  const body = good(schema);
  if (random() < 0.8) damage(body, schema);
  const answer = await fetch(service + path, {
    method: method.toUpperCase(),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  seen[answer.status] = (seen[answer.status] ?? 0) + 1;
  if (fits_request(body) !== answer.ok)
    disagreements.push({ body, status: answer.status, said, schema: fits_request.errors });
  const described = operation.responses[answer.status]?.content?.['application/json'];
  const fits_answer =
    described && ajv.getSchema(pointer('paths', path, method, 'responses', `${answer.status}`, 'content', 'application/json', 'schema'));
  if (!fits_answer || !fits_answer(said))
    disagreements.push({ body, status: answer.status, said, answer: fits_answer?.errors ?? 'not described' });
}
console.log(JSON.stringify({ seen, disagreements: disagreements.slice(0, 5) }));

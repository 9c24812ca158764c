'use strict';
// A service in Node.js that lives in a fleet: it reads its configuration from the config server, registers at the
// registry, renews its lease, passes traces on, calls another service through the gateway, and leaves when told to end.
// It uses nothing but what Node.js brings.

const crypto = require('crypto');
const http = require('http');
const os = require('os');

const NAME = 'node-service';
const MAX_ANSWER = 1024 * 1024;

// ---- small tools ---------------------------------------------------------------------------------------------------

const log = (level, text, trace) => {
  const ids = trace ? `${trace.traceId},${trace.spanId}` : ',';
  console.log(`${new Date().toISOString()} ${level.padStart(5)} [${NAME},${ids}] ${text}`);
};

/** One HTTP request with a time limit and a bounded answer: {status, headers, body}. */
function ask(method, url, { headers = {}, body, limit = 2000 } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method, headers: { ...headers, ...length } }, (answer) => {
      const pieces = [];
      let size = 0;
      answer.on('data', (piece) => {
        size += piece.length;
        if (size > MAX_ANSWER) answer.destroy(new Error(`the answer of ${url} is too long`));
        else pieces.push(piece);
      });
      answer.on('error', reject);
      answer.on('aborted', () => reject(new Error(`${url} broke off its answer`)));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error(`no answer from ${url} within ${limit} ms`), { code: 'ETIMEDOUT' }));
    }, limit);
    request.on('error', reject);
    request.on('close', () => clearTimeout(timer));
    request.end(body);
  });
}

// ---- configuration: command line, then environment, then config server, then these -------------------------------------

const defaults = {
  'server.port': '0',
  'greeting.message': 'Welcome to the Simple E-commerce.',
  'gateway.url': 'http://127.0.0.1:8000',
  'gateway.timeout-ms': '2000',
  'eureka.client.service-url.defaultZone': 'http://127.0.0.1:8761/eureka/',
  'eureka.instance.lease-renewal-interval-in-seconds': '30',
  'eureka.instance.lease-expiration-duration-in-seconds': '90',
};

const commandLine = {};
for (const word of process.argv.slice(2)) {
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) || [];
  if (name) commandLine[name] = value;
}

/** The config server's answer: the first of its sources that has a key wins. Without one, nothing. */
async function remoteConfiguration(server) {
  if (!server) return {};
  const url = `${server.replace(/\/+$/, '')}/${NAME}/default`;
  try {
    const answer = await ask('GET', url, { headers: { accept: 'application/json' } });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    const sources = JSON.parse(answer.body).propertySources || [];
    log('INFO', `configuration from ${url}: ${sources.map((one) => one.name).join(', ')}`);
    return Object.assign({}, ...sources.map((one) => one.source).reverse());
  } catch (error) {
    log('WARN', `no configuration from ${url} (${error.message}); going on without`);
    return {};
  }
}

const environmentName = (name) => name.replace(/-/g, '').replace(/[^A-Za-z0-9]/g, '_').toUpperCase();

/** A function that tells the value of a property. */
async function readConfiguration() {
  const local = (name) => commandLine[name] ?? process.env[environmentName(name)];
  const remote = await remoteConfiguration(process.env.CFG || local('spring.cloud.config.uri'));
  return (name) => local(name) ?? remote[name]?.toString() ?? defaults[name];
}

// ---- traces: B3 in and out, spans to Zipkin ----------------------------------------------------------------------------

const hex = (bytes) => crypto.randomBytes(bytes).toString('hex');
const isId = (text, ...lengths) => lengths.includes(text?.length) && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);

const decisions = { 0: '0', 1: '1', d: 'd', false: '0', true: '1' };

/** The trace that a request belongs to, as this service's own span in it; a new trace if it brings none. */
function traceOf(headers) {
  let traceId, parentId, state;
  if (headers.b3) {
    [traceId, parentId, state] = headers.b3.length === 1 ? [undefined, undefined, headers.b3] : headers.b3.split('-');
  } else {
    [traceId, parentId] = [headers['x-b3-traceid'], headers['x-b3-spanid']];
    state = headers['x-b3-flags'] === '1' ? 'd' : headers['x-b3-sampled'];
  }
  const spanId = hex(8);
  // Whoever begins a trace decides; who has an undecided one leaves it to those who see all of it.
  if (!isId(traceId, 16, 32) || !isId(parentId, 16)) return { traceId: spanId, spanId, state: decisions[state] || '1' };
  return { traceId, parentId, spanId, state: decisions[state] };
}

const childOf = (trace) => ({ ...trace, parentId: trace.spanId, spanId: hex(8) });

function traceHeaders(trace) {
  const decision = trace.state === 'd' ? { 'X-B3-Flags': '1' } : trace.state ? { 'X-B3-Sampled': trace.state } : {};
  const parent = trace.parentId ? { 'X-B3-ParentSpanId': trace.parentId } : {};
  return { 'X-B3-TraceId': trace.traceId, 'X-B3-SpanId': trace.spanId, ...parent, ...decision };
}

/** Sends a finished span to Zipkin, if one is configured and the trace is not refused. A lost span is no error. */
function report(property, trace, kind, name, began, tags) {
  const endpoint = property('management.zipkin.tracing.endpoint');
  if (!endpoint || trace.state === '0') return;
  const span = {
    traceId: trace.traceId, id: trace.spanId, parentId: trace.parentId, kind, name, tags,
    timestamp: began * 1000, duration: Math.max(1, (Date.now() - began) * 1000),
    localEndpoint: { serviceName: NAME }, debug: trace.state === 'd' || undefined,
  };
  const headers = { 'content-type': 'application/json', b3: '0' };
  ask('POST', endpoint, { headers, body: JSON.stringify([span]) }).catch(() => {});
}

// ---- the registry: Eureka's REST protocol ------------------------------------------------------------------------------

class Lease {
  constructor(property, port) {
    const host = property('eureka.instance.ip-address') || property('server.address') || ownAddress();
    this.zones = property('eureka.client.service-url.defaultZone').split(',').map((one) => one.trim().replace(/\/+$/, ''));
    this.interval = Number(property('eureka.instance.lease-renewal-interval-in-seconds')) * 1000;
    this.id = `${host}:${NAME}:${port}`;
    this.path = `/apps/${NAME.toUpperCase()}`;
    this.failures = 0;
    this.document = {
      instanceId: this.id, app: NAME.toUpperCase(), hostName: host, ipAddr: host, status: 'UP',
      port: { $: port, '@enabled': 'true' }, securePort: { $: 443, '@enabled': 'false' },
      vipAddress: NAME, secureVipAddress: NAME, countryId: 1,
      homePageUrl: `http://${host}:${port}/`,
      statusPageUrl: `http://${host}:${port}/actuator/info`,
      healthCheckUrl: `http://${host}:${port}/actuator/health`,
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: {
        renewalIntervalInSecs: this.interval / 1000,
        durationInSecs: Number(property('eureka.instance.lease-expiration-duration-in-seconds')),
      },
      metadata: { 'management.port': String(port) },
      lastDirtyTimestamp: String(Date.now()),
    };
  }

  /** The first registry that answers has the say. */
  async tell(method, path, body) {
    let last;
    for (const zone of this.zones) {
      try {
        return await ask(method, zone + path, { body, headers: { 'content-type': 'application/json' } });
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  /** Registers, renews from then on, and registers again when the registry has forgotten. */
  async keep() {
    if (this.left) return;
    let wait = this.interval;
    try {
      let answer = this.registered ? await this.tell('PUT', `${this.path}/${encodeURIComponent(this.id)}`) : { status: 404 };
      if (answer.status === 404) {
        answer = await this.tell('POST', this.path, JSON.stringify({ instance: this.document }));
        if (answer.status === 204) log('INFO', `registered as ${this.id}`);
      }
      if (answer.status >= 300) throw new Error(`the registry answers ${answer.status}`);
      this.registered = true;
      this.failures = 0;
    } catch (error) {
      // An unknown registry may come any moment; a known one is not pressed by all its clients at once.
      wait = Math.min(this.interval, 500 * 2 ** this.failures++);
      log('WARN', `registry: ${error.message}; trying again in ${wait} ms`);
    }
    if (!this.left) this.timer = setTimeout(() => (this.keeping = this.keep()), wait);
  }

  start() {
    this.keeping = this.keep();
  }

  async leave() {
    this.left = true;
    clearTimeout(this.timer);
    await this.keeping; // what is under way would otherwise come after
    if (!this.registered) return;
    await this.tell('DELETE', `${this.path}/${encodeURIComponent(this.id)}`).then(
      () => log('INFO', 'left the registry'),
      (error) => log('WARN', `could not leave the registry: ${error.message}`),
    );
  }
}

function ownAddress() {
  const all = Object.values(os.networkInterfaces()).flat();
  return all.find((one) => !one.internal && (one.family === 'IPv4' || one.family === 4))?.address || '127.0.0.1';
}

// ---- what it answers ---------------------------------------------------------------------------------------------------

const text = (status, body) => ({ status, headers: { 'content-type': 'text/plain;charset=UTF-8' }, body });
const json = (status, value) => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
const problem = (status, path, message) =>
  json(status, { timestamp: new Date().toISOString().replace('Z', '+00:00'), status, error: http.STATUS_CODES[status], message, path });

class Service {
  constructor(property) {
    this.property = property;
    this.requests = { count: 0, seconds: 0 };
    this.stopping = false;
  }

  get port() {
    return this.server.address().port;
  }

  /** The orders of a user, from order-service through the gateway; its answer is handed on as it is. */
  async orders(request, trace, userId) {
    const url = `${this.property('gateway.url').replace(/\/+$/, '')}/order-service/${userId}/orders`;
    const client = childOf(trace);
    const headers = { accept: 'application/json', ...traceHeaders(client) };
    if (request.headers.authorization) headers.authorization = request.headers.authorization;
    const began = Date.now();
    try {
      const answer = await ask('GET', url, { headers, limit: Number(this.property('gateway.timeout-ms')) });
      report(this.property, client, 'CLIENT', 'get', began, { 'http.path': `/order-service/${userId}/orders` });
      log('INFO', `order-service answers ${answer.status}`, trace);
      const type = answer.headers['content-type'];
      return { status: answer.status, headers: type ? { 'content-type': type } : {}, body: answer.body };
    } catch (error) {
      report(this.property, client, 'CLIENT', 'get', began, { error: error.message });
      log('WARN', `order-service: ${error.message}`, trace);
      const status = error.code === 'ETIMEDOUT' ? 504 : 503;
      return problem(status, request.url, 'order-service cannot be reached');
    }
  }

  metrics() {
    const memory = process.memoryUsage().rss;
    return [
      '# TYPE process_uptime_seconds gauge', `process_uptime_seconds ${process.uptime()}`,
      '# TYPE process_resident_memory_bytes gauge', `process_resident_memory_bytes ${memory}`,
      '# TYPE http_server_requests_seconds summary',
      `http_server_requests_seconds_count ${this.requests.count}`,
      `http_server_requests_seconds_sum ${this.requests.seconds}`, '',
    ].join('\n');
  }

  async answer(request, trace) {
    const whole = request.url.split('?')[0];
    const path = whole.startsWith(`/${NAME}/`) ? whole.slice(NAME.length + 1) : whole;
    if (request.method !== 'GET' && request.method !== 'HEAD') return problem(405, whole, 'GET only');
    const user = /^\/users\/([\w.~-]{1,64})\/orders$/.exec(path);
    if (user) return this.orders(request, trace, user[1]);
    switch (path) {
      case '/health_check':
      case '/health-check':
        return text(200, `It's Working in Node Service on PORT ${this.port}`);
      case '/welcome':
        return text(200, this.property('greeting.message'));
      case '/actuator/health':
      case '/actuator/health/readiness':
        return this.stopping ? json(503, { status: 'OUT_OF_SERVICE' }) : json(200, { status: 'UP' });
      case '/actuator/health/liveness':
        return json(200, { status: 'UP' });
      case '/actuator/info':
        return json(200, { app: { name: NAME }, node: process.version });
      case '/actuator/prometheus':
        return { ...text(200, this.metrics()), headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } };
      default:
        return problem(404, whole, 'nothing is here');
    }
  }

  async handle(request, response) {
    const trace = traceOf(request.headers);
    const began = Date.now();
    request.resume(); // no body is wanted
    const answer = await this.answer(request, trace);
    this.requests.count += 1;
    this.requests.seconds += (Date.now() - began) / 1000;
    report(this.property, trace, 'SERVER', request.method.toLowerCase(), began, { 'http.path': request.url.split('?')[0] });
    if (this.stopping) response.setHeader('connection', 'close');
    response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  listen() {
    this.server = http.createServer((request, response) => {
      this.handle(request, response).catch((error) => {
        log('ERROR', error.stack);
        response.destroy();
      });
    });
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(Number(this.property('server.port')), this.property('server.address'), resolve);
    });
  }

  /** No new connections; what is being answered has five seconds. */
  close() {
    return new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeIdleConnections?.();
      setTimeout(resolve, 5000).unref();
    });
  }
}

async function main() {
  const service = new Service(await readConfiguration());
  await service.listen();
  log('INFO', `listens on port ${service.port}`);
  const lease = new Lease(service.property, service.port);
  lease.start();
  const stop = async () => {
    if (service.stopping) process.exit(1); // asked twice
    service.stopping = true;
    await lease.leave(); // first, so that nobody calls what is about to end
    await service.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error) => {
  log('ERROR', error.message);
  process.exit(1);
});

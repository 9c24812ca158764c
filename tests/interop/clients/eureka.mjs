// eureka-js-client registers, renews, reads, overrides nothing and leaves: node eureka.mjs PORT NAME
// Prints a line for each event; goes on until its input ends.
import { Eureka } from 'eureka-js-client';

const [port, name] = process.argv.slice(2);
const quiet = () => {};
const client = new Eureka({
  instance: {
    app: name,
    instanceId: `${name}:node`,
    hostName: 'localhost',
    ipAddr: '127.0.0.1',
    statusPageUrl: 'http://localhost:8081/info',
    port: { $: 8081, '@enabled': true },
    vipAddress: name,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    metadata: { zone: 'a' },
  },
  eureka: {
    host: '127.0.0.1',
    port: Number(port),
    servicePath: '/eureka/apps/',
    heartbeatInterval: 300,
    registryFetchInterval: 300,
    maxRetries: 0,
  },
  logger: { debug: quiet, info: quiet, warn: (...words) => console.log('warn', ...words), error: (...words) => console.log('error', ...words) },
});
for (const event of ['started', 'registered', 'heartbeat', 'registryUpdated', 'deregistered'])
  client.on(event, () => {
    const found = client.getInstancesByVipAddress(name).map((one) => one.instanceId);
    console.log(event, client.getInstancesByAppId(name).length, found.join(','));
  });
client.start((error) => { if (error) { console.log('error', error.message); process.exit(1); } });
process.stdin.resume();
process.stdin.on('end', () => client.stop(() => process.exit(0)));

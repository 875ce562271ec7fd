// Runs aedes on 127.0.0.1 and the port given as the first argument.
import net from 'node:net';
import { Aedes } from 'aedes';

const aedes = await Aedes.createBroker({
  heartbeatInterval: 3_600_000,
  maxInflightInbound: 0,
});
net
  .createServer({ noDelay: true }, aedes.handle)
  .listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });

// Runs aedes on 127.0.0.1; the first argument is JSON: { port, tls?: { port, certFile, keyFile }, webSocketPort? }.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';

const host = '127.0.0.1';
const backlog = 4096;
const listeners = JSON.parse(process.argv[2]);
const aedes = await Aedes.createBroker({
  heartbeatInterval: 3_600_000,
  maxInflightInbound: 0,
});
net.createServer({ noDelay: true }, aedes.handle).listen({ port: listeners.port, host, backlog });
if (listeners.tls) {
  const { port, certFile, keyFile } = listeners.tls;
  tls
    .createServer(
      { noDelay: true, cert: readFileSync(certFile), key: readFileSync(keyFile) },
      aedes.handle,
    )
    .listen({ port, host, backlog });
}
if (listeners.webSocketPort) {
  const server = new WebSocketServer({ port: listeners.webSocketPort, host, backlog });
  server.on('connection', (socket, request) => {
    aedes.handle(createWebSocketStream(socket), request);
  });
}

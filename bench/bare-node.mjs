// The measure of all authorizers in Node: node:http that answers 200 at once, on the socket that it is given.
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  response.writeHead(200, ['Content-Length', '0', 'X-Latchkey-Serve', 'yes']);
  response.end();
});
server.keepAliveTimeout = 0;
server.listen(process.argv[2], () => process.send('ready'));

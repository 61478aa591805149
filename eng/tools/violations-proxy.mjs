// violations-proxy.mjs PORT UPSTREAM: passes requests on, and prints what the validating proxy behind it remarks on each of them.
import http from 'node:http';

const [, , port, upstream] = process.argv;
const target = new URL(upstream);
http.createServer((request, response) => {
  const onward = http.request(
    { host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers },
    answer => {
      const violations = JSON.parse(answer.headers['sl-violations'] ?? '[]');
      console.log(JSON.stringify({ request: `${request.method} ${decodeURIComponent(request.url)}`, status: answer.statusCode, violations }));
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));

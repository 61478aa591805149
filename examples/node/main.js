'use strict';

// usage: node main.js ADDRESS [CONNECTOR_ID [SILENCE_SECONDS]], and on standard input, a line each:
//   open SESSION USER [SOCKET [SOCKET_TYPE]]
//   close SESSION
// Who it is, where the sidecar asks: files named by CONNECTOR_TOKEN_FILE, CONNECTOR_CA_FILE, CONNECTOR_CERT_FILE, CONNECTOR_KEY_FILE.
const readline = require('node:readline');
const { Connector, describe } = require('./connector');

async function main([address, connectorId = 'example', silence = '10']) {
  const { CONNECTOR_TOKEN_FILE: token, CONNECTOR_CA_FILE: ca, CONNECTOR_CERT_FILE: cert, CONNECTOR_KEY_FILE: key } = process.env;
  const connector = new Connector(address, connectorId, Number(silence) * 1000, console.log, { token, ca, cert, key });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [word, key, user, socket = 'my-server', type = 'ssh'] = line.trim().split(/\s+/);
    if (word === 'open' && user) {
      const request = { session_key: key, user_email: user, socket_id: socket, socket_type: type };
      const { session, why } = await connector.open(request);
      console.log(session ? `allowed ${key}: ${describe(session.actions)}` : `denied ${key}: ${why}`);
      // Here a real connector starts to carry bytes, and cuts the connection when the session has ended.
      session?.ended.then(({ cause, sentence }) => console.log(`ended ${key}: ${cause} ${sentence}`));
    } else if (word === 'close' && key) {
      connector.end(key, 'CLOSED', 'The connection was closed.');
    } else {
      console.error('open SESSION USER [SOCKET [SOCKET_TYPE]] | close SESSION');
    }
  }
  await connector.stop();
}

main(process.argv.slice(2)).then(() => process.exit());

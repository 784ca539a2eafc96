// Clients of node: clients.js fetch|http URL, clients.js resolve NAME
const [, , how, what] = process.argv;
const clients = {
  fetch: async () => JSON.stringify(await (await fetch(what)).json()),
  http: () => new Promise((resolve, reject) => require('http').get(what, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; }).on('end', () => resolve(text));
  }).on('error', reject)),
  resolve: async () => (await require('dns').promises.resolve4(what)).join(),
};
clients[how]().then(console.log, (error) => { console.log(String(error.cause || error)); process.exit(1); });

// Makes the operations of a file of rows, as operate.c does: node operate.js ROWS >RESULTS
// A row is NUMBER, WAY and an expression, with tabs between; a promise is waited for.
'use strict';
const fs = require('fs');
const net = require('net'); // eslint-disable-line no-unused-vars

function reach(options) { // eslint-disable-line no-unused-vars
  return new Promise((done, failed) => {
    const one = net.connect(options, () => done(one.destroy()));
    one.on('error', failed);
  });
}

async function main() {
  for (const row of fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean)) {
    const [number, , expression] = row.split('\t');
    let result = 'OK';
    try {
      await eval(expression);
    } catch (error) {
      if (!error.code) throw error;
      result = error.code;
    }
    console.log(`${number}\t${process.pid}\t${result}`);
  }
}

main();

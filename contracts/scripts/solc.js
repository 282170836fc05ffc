// Stands in for the native compiler: Brownie asks for `solc`, npm's build of the same release answers.
// With --version it names itself; otherwise standard JSON goes in on stdin and comes out on stdout.
'use strict';
const fs = require('fs');
const path = require('path');
const root = path.join(__dirname, '..');
const solc = require(path.join(root, 'node_modules', 'solc'));

function readImport(name) {
  const file = path.resolve(root, name);
  if (!file.startsWith(root + path.sep)) return { error: 'outside the project: ' + name };
  try {
    return { contents: fs.readFileSync(file, 'utf8') };
  } catch (error) {
    return { error: error.message };
  }
}

if (process.argv.includes('--version')) {
  console.log('solc, the solidity compiler commandline interface\nVersion: ' + solc.version());
} else {
  const input = fs.readFileSync(0, 'utf8');
  fs.writeSync(1, solc.compile(input, { import: readImport }));
}

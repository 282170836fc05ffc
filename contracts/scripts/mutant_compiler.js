// Compiles one changed source at a time and stays alive between them: loading the compiler takes longer than most units.
// Each line on stdin is {path, content, contracts: [[path, name], ...]}; each answer is a line {name: bytecode} or {error}.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const root = path.join(__dirname, '..');
const solc = require(path.join(root, 'node_modules', 'solc'));

function compile({ path: changed, content, contracts }) {
  const read = (name) => {
    if (name === changed) return { contents: content };
    try {
      return { contents: fs.readFileSync(path.resolve(root, name), 'utf8') };
    } catch (error) {
      return { error: error.message };
    }
  };
  const sources = {};
  const wanted = {};
  for (const [file, name] of contracts) {
    sources[file] = { content: read(file).contents };
    (wanted[file] ??= {})[name] = ['evm.bytecode.object'];
  }
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    remappings: ['@openzeppelin=node_modules/@openzeppelin'],
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: wanted,
  };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings }), { import: read }));
  const errors = (output.errors ?? []).filter((item) => item.severity === 'error');
  if (errors.length) return { error: errors[0].formattedMessage };
  return Object.fromEntries(contracts.map(([file, name]) => [name, output.contracts[file][name].evm.bytecode.object]));
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  fs.writeSync(1, JSON.stringify(compile(JSON.parse(line))) + '\n');
});

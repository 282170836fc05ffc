// Compiles every contract that is deployed and writes input and output as one build record, for analysers to read.
// Usage: node scripts/build_info.js FILE
'use strict';
const fs = require('fs');
const path = require('path');
const root = path.join(__dirname, '..');
const solc = require(path.join(root, 'node_modules', 'solc'));

const read = (name) => {
  try {
    return { contents: fs.readFileSync(path.resolve(root, name), 'utf8') };
  } catch (error) {
    return { error: error.message };
  }
};
const sources = {};
for (const name of fs.readdirSync(path.join(root, 'src'))) {
  if (name.endsWith('.sol')) sources[`src/${name}`] = { content: read(`src/${name}`).contents };
}
const input = {
  language: 'Solidity',
  sources,
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    remappings: ['@openzeppelin=node_modules/@openzeppelin'],
    outputSelection: {
      '*': {
        '*': ['abi', 'evm.bytecode', 'evm.deployedBytecode', 'evm.methodIdentifiers', 'metadata', 'devdoc', 'userdoc'],
        '': ['ast'],
      },
    },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
const errors = (output.errors ?? []).filter((item) => item.severity === 'error');
if (errors.length) {
  console.error(errors[0].formattedMessage);
  process.exit(1);
}
const version = solc.version().replace(/\+.*/, '');
const record = { _format: 'hh-sol-build-info-1', id: 'all', solcVersion: version, solcLongVersion: solc.version() };
fs.mkdirSync(path.dirname(process.argv[2]), { recursive: true });
fs.writeFileSync(process.argv[2], JSON.stringify({ ...record, input, output }));

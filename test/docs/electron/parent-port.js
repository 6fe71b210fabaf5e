// process.parentPort of Electron's utility processes, over the channel of child_process.fork.
const { EventEmitter } = require('node:events');

const port = new EventEmitter();
port.postMessage = (message) => process.send(message);
// What comes before anyone listens waits in the channel, as it does in Electron's port.
port.once('newListener', () => process.on('message', (data) => port.emit('message', { data })));
process.parentPort = port;

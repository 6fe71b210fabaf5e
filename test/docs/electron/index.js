// Stands in for Electron, which needs a display: windows are nothing, messages pass as between Electron's processes, and
// a utility process is a real process that talks through process.parentPort.

const { fork } = require('node:child_process');
const { EventEmitter } = require('node:events');
const path = require('node:path');

const handlers = new Map();
const listeners = new EventEmitter();
const children = [];

class BrowserWindow {
  webContents = { send: (channel, value) => listeners.emit(channel, {}, structuredClone(value)) };
  async loadFile() {}
}

const app = Object.assign(new EventEmitter(), { whenReady: async () => {}, quit: () => {} });

/** What the preload script gave to the page. */
const exposed = {};
const contextBridge = { exposeInMainWorld: (name, api) => Object.assign(exposed, { [name]: api }) };

const ipcMain = { handle: (channel, handler) => handlers.set(channel, handler) };
const ipcRenderer = {
  invoke: async (channel, value) =>
    structuredClone(await handlers.get(channel)({}, structuredClone(value))),
  on: (channel, listener) => listeners.on(channel, listener),
};

const utilityProcess = {
  fork(file) {
    const execArgv = ['--require', path.join(__dirname, 'parent-port.js')];
    const child = fork(file, { execArgv, serialization: 'advanced' });
    children.push(child);
    return Object.assign(child, { postMessage: (message) => child.send(message) });
  },
};

/** Ends the test: the processes that it started. */
const quit = () => {
  for (const child of children) child.kill();
};

module.exports = {
  app,
  BrowserWindow,
  contextBridge,
  exposed,
  ipcMain,
  ipcRenderer,
  quit,
  utilityProcess,
};

// Programs that answer one JSON object a line: ours and the peers. They stay up while the driver takes turns between
// them, so that clocks and neighbours of the machine move all figures alike.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { at } from '../support.mjs';

export class Server {
  #child;
  #lines;
  #errors = '';

  constructor(name, program, args, env = {}) {
    this.name = name;
    this.#child = spawn(program, args, {
      cwd: at(),
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#child.stdin.on('error', () => {}); // its end shows as the end of its answers
    this.#lines = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The answer to a request; throws when the program says "error" or ends. */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name} ended: ${this.#errors.trim()}`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }

  async close() {
    this.#child.stdin.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'exit');
    }
  }
}

/** Runs `work` with servers and closes them whatever happens. */
export async function withServers(servers, work) {
  try {
    return await work(servers);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

// Consumers that cannot work as they are: the right outcome is E0013 with the fix in its message.

import { capture } from '../support.mjs';

/** Such a consumer; `fix` is what the message must say. */
export const refused = ({ name, version, fix, prepare, command }) => ({
  name,
  version,
  note: `E0013 says: ${fix}`,
  async prepare(folder) {
    await prepare?.(folder);
    const [program, ...args] = command();
    const { ok, output } = capture(program, args, { cwd: folder });
    if (ok || !/ERR_ND_BINARY/.test(output) || !output.includes(fix)) {
      throw new Error(`expected E0013 with "${fix}", received:\n${output}`);
    }
  },
});

import { spawnSync } from 'node:child_process';
import { cli, file, folder } from './cli-support';

const has = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const run = (shell: string, script: string) => {
  const { status, stdout, stderr } = spawnSync(shell, ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trimEnd();
};
const quote = (word: string) => `'${word}'`;

const COMMANDS = [
  'forecast',
  'fit',
  'predict',
  'simulate',
  'cv',
  'find-learning-rate',
  'find-batch-size',
  'check-one-batch',
  'evaluate',
  'info',
  'import',
  'export',
  'doctor',
  'models',
  'completion',
];
/** What is typed, and everything that may stand there. */
const CASES: [string[], string[]][] = [
  [[''], [...COMMANDS, 'help']],
  [['fo'], ['forecast']],
  [['find-b'], ['find-batch-size']],
  [
    ['fit', '--mo'],
    ['--model', '--momentum', '--momentum-decay', '--monitor-gradients', '--moving-avg-window'],
  ],
  [
    ['predict', 'a'],
    ['air data.csv', 'air.safetensors'],
  ],
  [
    ['fit', 'x.csv', '--model', 'n'],
    ['nlinear', 'nbeats', 'nhits'],
  ],
  [['cv', '--model', 'mlp,nb'], ['mlp,nbeats']],
  [
    ['forecast', '--loss', 'h'],
    ['huberiqloss', 'huberloss', 'hubermqloss', 'huberqloss'],
  ],
  [
    ['forecast', 'x.csv', '--local-scaler', 'rob'],
    ['robust', 'robust-iqr'],
  ],
  [['fit', '--pooling-mode', 'Max'], ['MaxPool1d']],
  [['fit', '--horizon', 'air'], []],
  [
    ['info', 'air'],
    ['air data.csv', 'air.safetensors'],
  ],
  [['fit', '--output', 'air.s'], ['air.safetensors']],
  [['models', 'aut'], ['autoformer']],
  [['simulate', 'air.safetensors', '--method', 's'], ['schaakeShuffle']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
];

beforeAll(() => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { status, stdout } = cli('completion', shell);
    expect(status).toBe(0);
    file(`completion.${shell}`, stdout);
  }
  file('air.safetensors', '');
  file('air data.csv', '');
});

test.each(CASES)('bash completes %j', (words, expected) => {
  const typed = ['neuro-divergent', ...words];
  const lines = [
    'source completion.bash',
    `COMP_WORDS=(${typed.map(quote).join(' ')}) COMP_CWORD=${typed.length - 1}`,
    // The function that a key press calls.
    '$(complete -p neuro-divergent | sed "s/.*-F \\([^ ]*\\).*/\\1/")',
    `for reply in "\${COMPREPLY[@]}"; do echo "$reply"; done`,
  ];
  expect(run('bash', lines.join('\n')).split('\n').filter(Boolean).sort()).toEqual(expected.sort());
});

test('bash completes after an equals sign, which is a word of its own', () => {
  const typed = "(neuro-divergent fit --model '=' nb)";
  const call = `COMP_WORDS=${typed} COMP_CWORD=4; _neuro_divergent; echo "\${COMPREPLY[*]}"`;
  expect(run('bash', `source completion.bash; ${call}`)).toBe('nbeats');
});

(has('fish') ? test : test.skip)('fish completes commands, flags and models', () => {
  const complete = (line: string) =>
    run('fish', `source completion.fish; complete -C ${quote(line)}`)
      .split('\n')
      .map((text) => text.split('\t')[0]);
  expect(complete('neuro-divergent fo')).toEqual(['forecast']);
  expect(complete('neuro-divergent fit --mod')).toEqual(['--model']);
  expect(complete('neuro-divergent fit --model nhits,nb')).toEqual(['nhits,nbeats']);
  expect(complete('neuro-divergent fit --horizon ')).toEqual(['']);
  expect(complete('neuro-divergent info air.s')).toEqual(['air.safetensors']);
});

(has('zsh') ? test : test.skip)('zsh reads its script', () => {
  run('zsh', 'autoload -Uz compinit && compinit -D -u && source ./completion.zsh');
  expect(run('zsh', 'compdef() { echo "$@" }; source ./completion.zsh')).toBe(
    '_neuro_divergent neuro-divergent',
  );
});

test('another shell is a usage error that names the known ones', () => {
  expect(cli('completion', 'powershell')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/bash, zsh, fish/),
  });
});

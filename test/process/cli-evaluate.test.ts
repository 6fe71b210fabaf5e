import { AIR, cli, file, json, QUICK, read } from './cli-support';

describe('evaluate', () => {
  const FILE = 'forecasts.csv';
  beforeAll(() => {
    const models = ['--model', 'mlp,nlinear', '--hidden-size', '8', '--levels', '80'];
    const flags = [...models, '--horizon', '6', '--input-size', '24', ...QUICK];
    cli('cv', AIR, ...flags, '--windows', '4', '--step-size', '6', '--output', FILE);
  });

  test('says the same as cv, and more', () => {
    const { status, document } = json(
      ...[
        'evaluate',
        FILE,
        '--train',
        AIR,
        '--season-length',
        '12',
        '--baselines',
        'SeasonalNaive',
      ],
    );
    expect(status).toBe(0);
    expect(document.command).toBe('evaluate');
    const rows = document.evaluation;
    expect(rows.map(({ model }: { model: string }) => model)).toEqual([
      'MLP',
      'NLinear',
      'SeasonalNaive',
    ]);
    const flags = ['--model', 'mlp,nlinear', '--hidden-size', '8', '--levels', '80'];
    const own = json(
      ...['cv', AIR, ...flags, '--horizon', '6', '--input-size', '24', ...QUICK],
      ...['--windows', '4', '--step-size', '6'],
    ).document.scores;
    for (const [i, scores] of own.entries()) {
      for (const [name, value] of Object.entries(scores)) {
        expect(rows[i][name]).toEqual(typeof value === 'number' ? expect.closeTo(value, 9) : value);
      }
    }
    expect(Object.keys(own[0])).toEqual([
      'model',
      'mae',
      'rmse',
      'smape',
      'mase',
      'crps',
      'coverage-80',
    ]);
    expect(rows[2]['coverage-80']).toBeNull();
  });

  test('as a table, by step, into a file, compared', () => {
    const { stdout, status } = cli(
      ...[
        'evaluate',
        FILE,
        '--by',
        'step,model',
        '--metrics',
        'mae,bias',
        '--models',
        'NLinear,MLP',
      ],
      ...['--output', 'steps.csv', '--compare', 'crps'],
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^step +model +mae +bias\n1 +NLinear /);
    expect(stdout).toMatch(/over 4 windows; better, worse: below 0.05\nwrote steps.csv\n$/);
    const lines = read('steps.csv').trimEnd().split('\n');
    expect(lines[0]).toBe('step,model,mae,bias');
    expect(lines).toHaveLength(13);
  });

  test('columns of other names', () => {
    const renamed = read(FILE).replace('ds,cutoff', 'month,cutoff').replace(/,y\n/, ',sales\n');
    const flags = ['--time-column', 'month', '--target-column', 'sales', '--metrics', 'mae'];
    const { evaluation } = json('evaluate', file('renamed.csv', renamed), ...flags).document;
    expect(evaluation).toEqual(json('evaluate', FILE, '--metrics', 'mae').document.evaluation);
  });

  test.each([
    [['--metrics', 'maee'], 1, /^error E0010: .*did you mean "mae"/],
    [['--metrics', 'mase'], 1, /^error E0010: .*train/],
    [['--train', AIR], 1, /^error E0010: .*seasonality/],
    [['--season-length', '0'], 2, /^usage: --season-length/],
    [['--compare', 'owa'], 1, /^error E0010: /],
  ])('refuses %j', (args, status, message) => {
    expect(cli('evaluate', FILE, ...args)).toEqual({
      ...{ status, stdout: '', stderr: expect.stringMatching(message) },
    });
  });
});

// Builds the documentation site into site/: the API from types/, the guides from docs/, with search, light and dark.
//   npm run site [-- --out DIR] [--check] [--screenshots DIR]
// --check writes nothing; it fails where a public symbol has no documentation or a link leads nowhere.
// --screenshots photographs pages at 400 and 1400 pixels, light and dark, in the Chromium of this machine.

import { parseArgs } from 'node:util';
import { Application, Converter } from 'typedoc';
import { at, fail, isProgram, listFiles } from './support.mjs';

/** Guides in the order in which they are read; pages of docs/ that are not named here follow. */
const GUIDES = [
  'docs/quick-start.md',
  'docs/concepts.md',
  'docs/exogenous.md',
  'docs/intervals.md',
  'docs/training-tools.md',
  'docs/evaluation.md',
  'docs/models.md',
  'docs/cli.md',
  'docs/runtimes.md',
  'docs/errors.md',
  'docs/faq-neuralforecast.md',
  'docs/compatibility.md',
  'docs/performance.md',
  'docs/architecture.md',
  'docs/decisions.md',
];
const PROJECT = ['CONTRIBUTING.md', 'CHANGELOG.md'];
const ENTRIES = ['types/index.d.ts', 'types/plot.d.ts'];

/** Every page with its group in the navigation. */
function documents() {
  const all = listFiles(['docs'], /\.md$/);
  const isTutorial = (file) => file.startsWith('docs/tutorials/');
  const named = GUIDES.filter((file) => all.includes(file));
  const guides = [...named, ...all.filter((file) => !isTutorial(file) && !named.includes(file))];
  return new Map([
    ...guides.map((file) => [at(file), 'Guides']),
    ...all.filter(isTutorial).map((file) => [at(file), 'Tutorials']),
    ...PROJECT.map((file) => [at(file), 'Project']),
  ]);
}

/** A page is called what its heading says, up to a colon; the heading itself is shown by the theme. */
function takeTitle(document) {
  const [first] = document.content;
  const heading = /^\s*# ([^\n:]*)[^\n]*\n/.exec(first?.text ?? '');
  if (!heading) return document.name;
  first.text = first.text.slice(heading[0].length);
  return heading[1];
}

/** The TypeDoc application with everything but the place of its output. */
async function documentation() {
  const pages = documents();
  const app = await Application.bootstrap({
    name: 'neuro-divergent',
    entryPoints: ENTRIES.map((file) => at(file)),
    tsconfig: at('tsconfig.json'),
    projectDocuments: [...pages.keys()],
    readme: at('README.md'),
    customCss: at('scripts', 'site', 'site.css'),
    includeVersion: true,
    disableSources: true,
    hideGenerator: true,
    skipErrorChecking: true, // `npm run typecheck` looks at the types
    sort: ['documents-first', 'source-order'],
    sortEntryPoints: false,
    searchInComments: true,
    searchInDocuments: true,
    groupOrder: ['Guides', 'Tutorials', 'Project', '*'],
    headings: { readme: false, document: true },
    highlightLanguages: ['bash', 'sh', 'json', 'javascript', 'typescript', 'python', 'html'],
    ignoredHighlightLanguages: ['text', 'csv'],
    validation: { notDocumented: true, notExported: true, invalidLink: true, invalidPath: true },
    logLevel: 'Warn',
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const file = document.project.files.getReflectionPath(document);
    document.name = takeTitle(document);
    document.frontmatter.group = pages.get(file);
  });
  return app;
}

/** Builds the site into a folder, or only checks it when there is none. Throws where anything is amiss. */
export async function buildSite(folder) {
  const app = await documentation();
  const project = await app.convert();
  if (!project) throw new Error('the types of the package cannot be read');
  app.validate(project);
  if (folder) await app.generateDocs(project, folder);
  const { errorCount, warningCount } = app.logger;
  if (errorCount + warningCount > 0) {
    throw new Error(`${errorCount} errors and ${warningCount} warnings, listed above`);
  }
}

if (isProgram(import.meta.filename)) {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      out: { type: 'string', default: at('site') },
      screenshots: { type: 'string' },
    },
  });
  try {
    await buildSite(values.check ? undefined : values.out);
    if (values.screenshots) {
      const { photograph } = await import('./site/screenshots.mjs');
      await photograph(values.out, values.screenshots);
    }
  } catch (error) {
    fail(`site: ${error.message}`);
  }
}

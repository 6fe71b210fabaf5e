// Photographs some pages of the built site, narrow and wide, light and dark, and fails where any page is wider than
// its window.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { which } from '../support.mjs';

const WIDTHS = [400, 1400];
const SCHEMES = ['light', 'dark'];

/** The start page, one of each kind, and those with the widest tables. */
const PAGES =
  /^(?:index|documents\/(?:Quick|Models|Errors|Coming|Performance|A_trading).*|classes\/.*NeuralForecast|modules\/[^.]*)\.html$/;

/** Writes DIR/PAGE-WIDTH-SCHEME.png. */
export async function photograph(site, folder) {
  const executablePath = process.env.CHROMIUM_PATH ?? which('chromium') ?? which('google-chrome');
  if (!executablePath) throw new Error('no Chromium on PATH: apt-get install chromium');
  fs.mkdirSync(folder, { recursive: true });
  const pages = fs
    .readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const tooWide = [];
  let count = 0;
  try {
    for (const colorScheme of SCHEMES) {
      for (const width of WIDTHS) {
        const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme });
        for (const file of pages) {
          const isShown = PAGES.test(file);
          if (!isShown && colorScheme !== SCHEMES[0]) continue; // colours do not change widths
          await page.goto(pathToFileURL(path.resolve(site, file)).href);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          if (wide > width) tooWide.push(`${file} needs ${wide} of ${width} pixels`);
          if (!isShown) continue;
          const name = file.replace(/\.html$/, '').replaceAll(/\W+/g, '-');
          await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`) });
          count += 1;
        }
        await page.close();
      }
    }
  } finally {
    await browser.close();
  }
  if (tooWide.length > 0) throw new Error(`pages wider than the window:\n${tooWide.join('\n')}`);
  process.stdout.write(`${count} pictures in ${folder}; ${pages.length} pages fit\n`);
}

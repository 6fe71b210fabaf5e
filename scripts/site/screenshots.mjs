// Photographs pages of the built site, narrow and wide, light and dark, and fails where one is wider than its window.

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
    .filter((f) => PAGES.test(f));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const tooWide = [];
  try {
    for (const colorScheme of SCHEMES) {
      for (const width of WIDTHS) {
        const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme });
        for (const file of pages) {
          await page.goto(pathToFileURL(path.resolve(site, file)).href);
          const name = file.replace(/\.html$/, '').replaceAll(/\W+/g, '-');
          await page.screenshot({ path: path.join(folder, `${name}-${width}-${colorScheme}.png`) });
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          if (wide > width) tooWide.push(`${file} needs ${wide} of ${width} pixels`);
        }
        await page.close();
      }
    }
  } finally {
    await browser.close();
  }
  process.stdout.write(`${pages.length * 4} pictures in ${folder}\n`);
  if (tooWide.length > 0) throw new Error(`pages wider than the window:\n${tooWide.join('\n')}`);
}

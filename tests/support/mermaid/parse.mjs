// Reads a JSON list of diagrams, and writes a list of Mermaid's error for each, or null.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const { JSDOM } = require("jsdom");
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")));
const faults = [];
for (const diagram of JSON.parse(readFileSync(0, "utf8"))) {
  const fault = (error) => String(error.message ?? error);
  faults.push(await mermaid.parse(diagram).then(() => null, fault));
}
process.stdout.write(JSON.stringify(faults));
